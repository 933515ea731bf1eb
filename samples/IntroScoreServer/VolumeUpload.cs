using Microsoft.AspNetCore.Http.Features;
using REHRSeg.Imaging;

namespace IntroScoreServer;

/// <summary>The NIfTI file, plain or gzip, in a request: its body, or the one file of a multipart form. Read into memory, never to disk.</summary>
static class VolumeUpload
{
    /// <exception cref="VolumeFormatException">No NIfTI, damaged, or beyond the limits.</exception>
    /// <exception cref="BadHttpRequestException">The body is longer than the server allows, was cut off, or the form has not exactly one file.</exception>
    public static async Task<MLVolume> ReadAsync(HttpRequest request, VolumeReadLimits limits, long maxBytes, CancellationToken cancellationToken)
    {
        await using var content = request.ContentType?.StartsWith("multipart/form-data", StringComparison.OrdinalIgnoreCase) == true
            ? await FileOfFormAsync(request, maxBytes, cancellationToken)
            : await BodyAsync(request, maxBytes, cancellationToken);
        bool gzip = content.ReadByte() == 0x1F && content.ReadByte() == 0x8B;
        content.Position = 0;
        return VolumeFile.Read(content, gzip ? "upload.nii.gz" : "upload.nii", limits);               // checks every size before it allocates
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
