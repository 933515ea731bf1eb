using System.ComponentModel.DataAnnotations;

namespace IntroScoreServer;

/// <summary>
/// The section <c>Scoring</c> of the configuration: appsettings.json, environment (<c>Scoring__Model</c>) or command line (<c>--Scoring:Model</c>). Memory is bounded by
/// <see cref="Concurrency"/> times (upload + image + what scoring it takes): requests that wait their turn have not been read.
/// </summary>
sealed record ScoreServerOptions
{
    /// <summary>The exported <c>segmentation.onnx</c>.</summary>
    [Required] public string Model { get; init; } = "";
    /// <summary>Longest request body in bytes; longer ones are answered with 413.</summary>
    [Range(1, long.MaxValue)] public long MaxUploadBytes { get; init; } = 64 << 20;
    /// <summary>Longest time that reading a body may take once it is its turn; longer ones are answered with 408, so that slow clients do not keep the others waiting.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "1.00:00:00")] public TimeSpan UploadTimeout { get; init; } = TimeSpan.FromMinutes(2);
    /// <summary>Most voxels (all channels) of an image, however well it is compressed.</summary>
    [Range(1, long.MaxValue)] public long MaxVoxels { get; init; } = 512 * 512 * 128;
    /// <summary>Requests that are read and scored at the same time.</summary>
    [Range(1, 1024)] public int Concurrency { get; init; } = 2;
    /// <summary>Requests that wait for them; further ones are answered with 503.</summary>
    [Range(0, 1_000_000)] public int QueueLength { get; init; } = 100;
    /// <summary>Bytes of working memory of all scoring; an image that needs more by itself is answered with 413. Null: no limit.</summary>
    [Range(1, long.MaxValue)] public long? MemoryLimit { get; init; }
    /// <summary>GPU to score on, where the server was built with <c>-p:RehrSegCompute=cuda</c>; null: CPU.</summary>
    [Range(0, 1024)] public int? Gpu { get; init; }
}
