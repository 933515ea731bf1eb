using Microsoft.Extensions.Diagnostics.HealthChecks;
using REHRSeg.Imaging;
using REHRSeg.Onnx;

namespace IntroScoreServer;

/// <summary>Loads the model and scores one patch when the server starts; it is ready once that has worked, until it is told to stop. A model that cannot be loaded ends the server.</summary>
sealed class ModelWarmUp(OnnxVolumeScorer scorer, IHostApplicationLifetime lifetime) : BackgroundService, IHealthCheck
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var info = scorer.Info;
        var grid = new VolumeGeometry([info.Patch.Width, info.Patch.Height, info.Patch.Depth], [info.TargetSpacing[2], info.TargetSpacing[1], info.TargetSpacing[0]]);
        var voxels = new float[info.Channels * grid.VoxelCount];
        for (int i = 0; i < voxels.Length; i++) voxels[i] = i % 7;
        await scorer.ScoreAsync(new(grid, voxels, info.Channels), new() { Axis = SliceAxis.Z }, stoppingToken);
    }

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) => Task.FromResult(
        lifetime.ApplicationStopping.IsCancellationRequested ? HealthCheckResult.Unhealthy("stopping")
        : ExecuteTask is { IsCompletedSuccessfully: true } ? HealthCheckResult.Healthy($"scores on {scorer.Device}")
        : HealthCheckResult.Unhealthy("the model is being loaded"));
}
