using Microsoft.AspNetCore.Http.Features;
using REHRSeg.Imaging;

namespace IntroScoreServer;

/// <summary>The volume file (NIfTI, plain or gzip, NRRD, MetaImage) in a request: its body, or the one file of a multipart form. Read into memory, never to disk.</summary>
static class VolumeUpload
{
    /// <exception cref="VolumeFormatException">Of no known format, damaged, or beyond the limits.</exception>
    /// <exception cref="BadHttpRequestException">The body is longer than the server allows, came too slowly or was cut off, or the form has not exactly one file.</exception>
    public static async Task<MLVolume> ReadAsync(HttpRequest request, ScoreServerOptions options, CancellationToken cancellationToken)
    {
        await using var content = await ContentAsync(request, options, cancellationToken);
        return await VolumeFile.ReadAsync(content, "upload", new() { MaxVoxels = options.MaxVoxels }, cancellationToken);   // the content tells the format; every size is checked before it is allocated
    }

    static async Task<Stream> ContentAsync(HttpRequest request, ScoreServerOptions options, CancellationToken cancellationToken)
    {
        using var inTime = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        inTime.CancelAfter(options.UploadTimeout);
        try
        {
            bool form = request.ContentType?.StartsWith("multipart/form-data", StringComparison.OrdinalIgnoreCase) == true;
            return await (form ? FileOfFormAsync(request, options.MaxUploadBytes, inTime.Token) : BodyAsync(request, options.MaxUploadBytes, inTime.Token));
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new BadHttpRequestException($"The upload took longer than {options.UploadTimeout}.", StatusCodes.Status408RequestTimeout);
        }
    }

    static async Task<Stream> BodyAsync(HttpRequest request, long maxBytes, CancellationToken cancellationToken)
    {
        var content = new MemoryStream(request.ContentLength is { } length && length <= Math.Min(maxBytes, Array.MaxLength) ? (int)length : 0);
        await request.Body.CopyToAsync(content, cancellationToken);
        content.Position = 0;
        return content;
    }

    static async Task<Stream> FileOfFormAsync(HttpRequest request, long maxBytes, CancellationToken cancellationToken)
    {
        var inMemory = new FormOptions { MemoryBufferThreshold = (int)Math.Min(maxBytes, Array.MaxLength), MultipartBodyLengthLimit = long.MaxValue };
        var form = await request.ReadFormAsync(inMemory, cancellationToken);
        if (form.Files is not [var file]) throw new BadHttpRequestException($"The form has {form.Files.Count} files; send one.");
        return file.OpenReadStream();
    }
}
