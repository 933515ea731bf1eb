using REHRSeg.Imaging;

namespace REHRSeg;

/// <summary>The planes of a volume's channel along one axis as a grey film.</summary>
/// <param name="name">Case, channel and axis.</param>
/// <param name="group">Case.</param>
/// <param name="voxels"><c>D x H x W</c> in [0,1].</param>
/// <param name="size">Voxels along x, y, z.</param>
/// <param name="axis">Time.</param>
internal sealed class VolumeVideo(string name, string group, ReadOnlyMemory<float> voxels, IReadOnlyList<int> size, SliceAxis axis) : IFrameVideo
{
    readonly int[] _stride = [1, size[0], size[0] * size[1]];
    readonly int _time = (int)axis, _row = axis == SliceAxis.Z ? 1 : 2, _column = axis == SliceAxis.X ? 1 : 0;

    public string Name => name;
    public string Group => group;
    public int Frames => size[_time];
    public int Height => size[_row];
    public int Width => size[_column];

    public void Read(int frame, ReadOnlySpan<int> rows, ReadOnlySpan<int> columns, Span<float> colours)
    {
        var source = voxels.Span;
        int plane = rows.Length * columns.Length, to = 0;
        foreach (int row in rows)
        {
            int from = frame * _stride[_time] + row * _stride[_row];
            foreach (int column in columns) colours[to++] = source[from + column * _stride[_column]];
        }
        colours[..plane].CopyTo(colours[plane..]);
        colours[..plane].CopyTo(colours[(2 * plane)..]);
    }
}
