using System.Buffers;
using System.Buffers.Text;

namespace REHRSeg.Imaging;

/// <summary>Takes encoded voxels and writes them as text, a number a line.</summary>
/// <param name="target">Takes the text; stays open.</param>
/// <param name="type">Of the voxels; little-endian, whole ones in each call.</param>
sealed class TextEncodingStream(Stream target, VolumeDataType type) : WriteOnlyStream
{
    /// <summary>More than the longest number of a 32-bit float takes without an exponent, and its end of line.</summary>
    const int LongestLine = 64;

    static readonly StandardFormat s_whole = new('F', 0);

    public override void Write(ReadOnlySpan<byte> buffer) => target.Write(Encode(buffer).Span);
    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => target.WriteAsync(Encode(buffer.Span), cancellationToken);
    public override void Flush() => target.Flush();

    // The values were floats before they were encoded, so a float holds each of them.
    ReadOnlyMemory<byte> Encode(ReadOnlySpan<byte> voxels)
    {
        var values = new float[voxels.Length / type.Bytes()];
        VoxelConversion.TryDecode(voxels.ToArray(), values, new(type));
        var text = new byte[values.Length * LongestLine];
        int end = 0;
        var format = type == VolumeDataType.Float32 ? default : s_whole;
        foreach (float value in values)
        {
            // A double is written with all of its digits, as a float it would read back as another double.
            if (!(type == VolumeDataType.Float64 ? Utf8Formatter.TryFormat((double)value, text.AsSpan(end), out int length) : Utf8Formatter.TryFormat(value, text.AsSpan(end), out length, format))) throw new InvalidOperationException($"{value} takes more than {LongestLine} characters.");
            end += length;
            text[end++] = (byte)'\n';
        }
        return text.AsMemory(0, end);
    }
}
