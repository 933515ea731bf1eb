using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.RateLimiting;
using REHRSeg.Onnx;

namespace IntroScoreServer;

/// <summary>
/// Scoring behind HTTP: upload a NIfTI, get a NIfTI back.
/// <code>
/// dotnet run -c Release --project samples/IntroScoreServer -- --Scoring:Model segmentation.onnx --urls http://127.0.0.1:5000
/// curl --data-binary @image.nii.gz -H "Content-Type: application/octet-stream" "http://127.0.0.1:5000/segment?resolution=hr" -o hr.nii.gz
/// curl -F image=@image.nii.gz "http://127.0.0.1:5000/segment?resolution=lr" -o lr.nii.gz
/// </code>
/// Put authentication and TLS before it as for any service; not a medical device.
/// </summary>
static class IntroScoreServer
{
    public static void Main(string[] args) => Build(args).Run();

    internal static WebApplication Build(string[] args, Action<WebApplicationBuilder>? configure = null)
    {
        var builder = WebApplication.CreateBuilder(args);
        var options = builder.Configuration.GetSection("Scoring").Get<ScoreServerOptions>() ?? new();
        Validator.ValidateObject(options, new(options), validateAllProperties: true);
        builder.WebHost.ConfigureKestrel(server =>
        {
            server.Limits.MaxRequestBodySize = options.MaxUploadBytes;
            server.Limits.MinRequestBodyDataRate = server.Limits.MinResponseDataRate = new(bytesPerSecond: 10_000, gracePeriod: TimeSpan.FromSeconds(10));   // a stalled client does not keep its turn
        });
        builder.Services.AddSingleton(options);
        builder.Services.AddSingleton(services => new OnnxVolumeScorer(options.Model, new()
        {
            MaxConcurrency = options.Concurrency,
            MemoryLimit = options.MemoryLimit,
            GpuDeviceId = options.Gpu,                                                                // where it cannot be had: the CPU, with a warning
            Warn = message => services.GetRequiredService<ILogger<OnnxVolumeScorer>>().LogWarning("{Message}", message),
        }));
        builder.Services.AddProblemDetails();
        builder.Services.AddRateLimiter(limits =>
        {
            limits.AddConcurrencyLimiter("turns", turns => (turns.PermitLimit, turns.QueueLimit) = (options.Concurrency, options.QueueLength));
            limits.RejectionStatusCode = StatusCodes.Status503ServiceUnavailable;
            limits.OnRejected = async (rejected, _) =>
            {
                rejected.HttpContext.Response.Headers.RetryAfter = "10";
                await TypedResults.Problem($"{options.QueueLength} requests wait already; try again later.", statusCode: limits.RejectionStatusCode).ExecuteAsync(rejected.HttpContext);
            };
        });
        builder.Services.AddSingleton<ModelWarmUp>();
        builder.Services.AddHostedService(services => services.GetRequiredService<ModelWarmUp>());
        builder.Services.AddHealthChecks().AddCheck<ModelWarmUp>("model");
        configure?.Invoke(builder);

        var app = builder.Build();
        app.UseRateLimiter();
        app.MapPost("/segment", SegmentEndpoint.HandleAsync).RequireRateLimiting("turns");
        app.MapHealthChecks("/health/live", new() { Predicate = _ => false });                        // the process answers
        app.MapHealthChecks("/health/ready");                                                         // and the model scores
        return app;
    }
}
