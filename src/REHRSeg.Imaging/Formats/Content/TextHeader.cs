using System.Globalization;
using System.Text;

namespace REHRSeg.Imaging;

/// <summary>Headers that are lines of text: bounded reading, numbers.</summary>
static class TextHeader
{
    const int MaxLines = 1 << 16;

    /// <summary>Reads lines (UTF-8) up to and with the one that ends the header; the stream then stands behind it.</summary>
    /// <returns>The lines without their ends; whether the last one ends the header (else the file ends); bytes that were read.</returns>
    /// <exception cref="VolumeFormatException">The header is longer than <see cref="VolumeReadLimits.MaxHeaderBytes"/>.</exception>
    internal static async ValueTask<(List<string> Lines, bool Ended, int Bytes)> Read(PeekableStream content, Func<string, bool> ends, string file, VolumeReadLimits limits, bool async, CancellationToken cancel)
    {
        List<string> lines = [];
        for (int size = Math.Min(4096, limits.MaxHeaderBytes), at = 0; ; size = (int)Math.Min(4L * size, limits.MaxHeaderBytes))
        {
            var bytes = await content.Peek(size, async, cancel).ConfigureAwait(false);
            while (lines.Count < MaxLines && bytes.Span[at..].IndexOf((byte)'\n') is var length and >= 0)
            {
                lines.Add(Encoding.UTF8.GetString(bytes.Span.Slice(at, length)).TrimEnd('\r'));
                at += length + 1;
                if (!ends(lines[^1])) continue;
                content.Skip(at);
                return (lines, true, at);
            }
            if (lines.Count == MaxLines || (bytes.Length == size && size == limits.MaxHeaderBytes))
                throw FormatProblem.Invalid(file, "header length", $"more than {Math.Min(bytes.Length, limits.MaxHeaderBytes)} bytes or {MaxLines - 1} lines", "shorten the header, or raise VolumeReadLimits.MaxHeaderBytes if the file is trusted");
            if (bytes.Length == size) continue;
            if (at < bytes.Length) lines.Add(Encoding.UTF8.GetString(bytes.Span[at..]).TrimEnd('\r'));
            content.Skip(bytes.Length);
            return (lines, lines.Count > 0 && ends(lines[^1]), bytes.Length);
        }
    }

    internal static string[] Words(string text) => text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);

    /// <summary>An integer in a range.</summary>
    internal static long Integer(string text, long low, long high, string file, string field) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long value) && value >= low && value <= high ? value
            : throw FormatProblem.Invalid(file, field, text, $"it is an integer from {low} to {high}; correct the header");

    /// <summary>A number; NaN where NaN is written.</summary>
    internal static double Number(string text, string file, string field)
    {
        if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value)) return value;
        return text.ToLowerInvariant() switch
        {
            "nan" or "-nan" => double.NaN,
            "inf" or "+inf" => double.PositiveInfinity,
            "-inf" => double.NegativeInfinity,
            _ => throw FormatProblem.Invalid(file, field, text, "it is a number; correct the header"),
        };
    }

    /// <summary>Numbers separated by spaces; exactly <paramref name="count"/> of them.</summary>
    internal static double[] Numbers(string text, int count, string file, string field)
    {
        var words = Words(text);
        return words.Length == count ? [.. words.Select(word => Number(word, file, field))] : throw FormatProblem.Invalid(file, field, text, $"it has {words.Length} values instead of {count}; correct the header");
    }

    /// <summary>Shortest text that reads back as the same number.</summary>
    internal static string Format(double value) => (value + 0.0).ToString("R", CultureInfo.InvariantCulture);

    /// <summary>Millimetres of a unit of length; null if it is none that is known.</summary>
    internal static double? Millimetres(string unit) => unit.Trim().ToLowerInvariant() switch
    {
        "mm" or "millimeter" or "millimeters" or "millimetre" or "millimetres" => 1,
        "um" or "µm" or "μm" or "micron" or "microns" or "micrometer" or "micrometers" or "micrometre" or "micrometres" => 0.001,
        "nm" or "nanometer" or "nanometers" => 1e-6,
        "cm" or "centimeter" or "centimeters" => 10,
        "m" or "meter" or "meters" or "metre" or "metres" => 1000,
        _ => null,
    };
}
