using REHRSeg.Imaging;
using SkiaSharp;

namespace REHRSeg;

/// <summary>PNG and JPEG files as frames, decoded by SkiaSharp. Alpha is dropped, colour profiles and orientation tags are not applied.</summary>
internal static class FrameImage
{
    /// <summary>Files with these endings are frames.</summary>
    public static readonly string[] Endings = [".png", ".jpg", ".jpeg"];

    const long MaximumPixels = 1 << 26;

    static ReadOnlySpan<byte> PngEnd => [0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82];
    static ReadOnlySpan<byte> JpegEnd => [0xff, 0xd9];

    /// <summary>True for a PNG or JPEG by its name; hidden files are none.</summary>
    public static bool IsFrame(string file) => !Path.GetFileName(file).StartsWith('.') && Endings.Contains(Path.GetExtension(file), StringComparer.OrdinalIgnoreCase);

    /// <summary>Height and width from the header. A file whose end is not that of its format is decoded as a whole to be sure.</summary>
    /// <exception cref="DatasetException">It cannot be decoded, or is larger than 64 megapixels.</exception>
    public static (int Height, int Width) ReadSize(string file)
    {
        using var stream = Open(file);
        bool complete = EndsProperly(stream);
        stream.Position = 0;
        using var codec = Codec(stream, file);
        var (height, width) = (codec.Info.Height, codec.Info.Width);
        if ((long)height * width > MaximumPixels) throw new DatasetException($"{file} has {width}x{height} pixels; frames may have {MaximumPixels >> 20} megapixels. Make it smaller.");
        if (!complete) Decode(codec, file);
        return (height, width);
    }

    /// <summary>Red, green and blue bytes, <c>H x W x 3</c>.</summary>
    /// <exception cref="DatasetException">It cannot be decoded.</exception>
    public static byte[] Read(string file)
    {
        using var stream = Open(file);
        using var codec = Codec(stream, file);
        byte[] pixels = Decode(codec, file), colours = new byte[pixels.Length / 4 * 3];
        for (int i = 0, to = 0; to < colours.Length; i += 4)
        {
            colours[to++] = pixels[i];
            colours[to++] = pixels[i + 1];
            colours[to++] = pixels[i + 2];
        }
        return colours;
    }

    static FileStream Open(string file)
    {
        try
        {
            return new(file, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DatasetException($"{file} cannot be read: {e.Message}", e);
        }
    }

    static SKCodec Codec(Stream stream, string file)
    {
        try
        {
            return SKCodec.Create(stream, out var result) ?? throw Undecodable(file, $"{result}");
        }
        catch (Exception e) when (e is DllNotFoundException or TypeInitializationException { InnerException: DllNotFoundException })
        {
            throw new DllNotFoundException("The natives of SkiaSharp, which decodes frames, are not there. On Linux reference SkiaSharp.NativeAssets.Linux.NoDependencies.", e);
        }
    }

    static byte[] Decode(SKCodec codec, string file)
    {
        var info = new SKImageInfo(codec.Info.Width, codec.Info.Height, SKColorType.Rgba8888, codec.Info.AlphaType == SKAlphaType.Opaque ? SKAlphaType.Opaque : SKAlphaType.Unpremul);
        var result = codec.GetPixels(info, out byte[] pixels);
        return result == SKCodecResult.Success ? pixels : throw Undecodable(file, $"{result}");
    }

    static bool EndsProperly(FileStream stream)
    {
        var tail = new byte[Math.Min(PngEnd.Length, stream.Length)];
        stream.Seek(-tail.Length, SeekOrigin.End);
        stream.ReadExactly(tail);
        return tail.AsSpan().EndsWith(PngEnd) || tail.AsSpan().EndsWith(JpegEnd);
    }

    static DatasetException Undecodable(string file, string why) => new($"{file} cannot be decoded as PNG or JPEG ({why}). Restore it from a copy, or remove it.");
}
