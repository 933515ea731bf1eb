using REHRSeg.Imaging;
using REHRSeg.Onnx;

namespace IntroScoreServer;

/// <summary><c>POST /segment?resolution=lr|hr</c>: image in, label map out, as <c>.nii.gz</c> on the image's own grid (lr) or on r times the slices (hr, the default where the model can).</summary>
static class SegmentEndpoint
{
    public static async Task<IResult> HandleAsync(HttpContext context, OnnxVolumeScorer scorer, ScoreServerOptions options, ILogger<OnnxVolumeScorer> log, string? resolution = null)
    {
        bool canThin = scorer.Info.CanSegmentThin;
        string wanted = resolution ?? (canThin ? "hr" : "lr");
        if (wanted is not ("lr" or "hr")) return Problem(400, $"resolution is '{resolution}'; it must be lr or hr.");
        if (wanted == "hr" && !canThin) return Problem(400, "This model has no labels on thin slices; ask for resolution=lr.");

        var gone = context.RequestAborted;                                                            // the client went away
        try
        {
            var image = await VolumeUpload.ReadAsync(context.Request, options, gone);
            log.LogInformation("Segmenting {Image}", image);
            var result = await scorer.ScoreAsync(image, new() { Lr = wanted == "lr", Hr = wanted == "hr" }, gone);
            var labels = new MemoryStream();
            VolumeFile.WriteLabels(result.Lr ?? result.Hr!, labels, "labels.nii.gz");
            labels.Position = 0;
            log.LogInformation("Segmented {Image}", image);
            return TypedResults.Stream(labels, "application/gzip", wanted + ".nii.gz");
        }
        catch (OperationCanceledException) when (gone.IsCancellationRequested)
        {
            log.LogInformation("The client went away; scoring has stopped");
            return TypedResults.StatusCode(StatusCodes.Status499ClientClosedRequest);
        }
        catch (BadHttpRequestException e) { return Problem(e.StatusCode, e.Message); }                // too long, too slow, cut off
        catch (MemoryLimitException e) { return Problem(413, e.Message); }
        catch (Exception e) when (e is IOException and not ModelFormatException or InvalidDataException or ArgumentException) { return Problem(400, e.Message); }   // of no known format, damaged, of other channels, no form
    }

    static IResult Problem(int status, string detail) => TypedResults.Problem(detail.Split(" (Parameter '")[0], statusCode: status);
}
