using System.Collections.Immutable;
using REHRSeg.Imaging;

namespace REHRSeg.Tool;

/// <summary>A box along the axes of a grid, in continuous indices of that grid. Voxels are cells: voxel 0 reaches from -0.5 to 0.5.</summary>
/// <param name="Frame">The grid whose axes and indices count.</param>
/// <param name="Low">Lower end along x, y, z.</param>
/// <param name="High">Upper end along x, y, z.</param>
internal sealed record PhysicalBox(VolumeGeometry Frame, ImmutableArray<double> Low, ImmutableArray<double> High)
{
    /// <summary>The smallest box around the voxels of the first channel that <paramref name="inside"/> accepts; null if there is none.</summary>
    public static PhysicalBox? Around(MLVolume volume, Func<float, bool> inside)
    {
        int[] low = [int.MaxValue, int.MaxValue, int.MaxValue], high = [-1, -1, -1];
        var voxels = volume.Channel(0);
        for (int z = 0, i = 0; z < volume.Depth; z++)
            for (int y = 0; y < volume.Height; y++)
                for (int x = 0; x < volume.Width; x++, i++)
                    if (inside(voxels[i]))
                    {
                        (low[0], low[1], low[2]) = (Math.Min(low[0], x), Math.Min(low[1], y), Math.Min(low[2], z));
                        (high[0], high[1], high[2]) = (Math.Max(high[0], x), Math.Max(high[1], y), Math.Max(high[2], z));
                    }
        return high[0] < 0 ? null : new(volume.Geometry, [.. low.Select(v => v - 0.5)], [.. high.Select(v => v + 0.5)]);
    }

    /// <summary>The same box, larger by as many millimetres on each side.</summary>
    public PhysicalBox Widened(double millimetres) => this with { Low = [.. Low.Select((v, a) => v - millimetres / Frame.Spacing[a])], High = [.. High.Select((v, a) => v + millimetres / Frame.Spacing[a])] };

    /// <summary>A box on this one's frame that holds both.</summary>
    public PhysicalBox Union(PhysicalBox other)
    {
        var (low, high) = other.IndexRange(Frame);
        return this with { Low = [.. Low.Select((v, a) => Math.Min(v, low[a]))], High = [.. High.Select((v, a) => Math.Max(v, high[a]))] };
    }

    /// <summary>The range of continuous indices of another grid that the box's corners span.</summary>
    public (double[] Low, double[] High) IndexRange(VolumeGeometry grid)
    {
        double[] low = [double.MaxValue, double.MaxValue, double.MaxValue], high = [double.MinValue, double.MinValue, double.MinValue];
        for (int corner = 0; corner < 8; corner++)
        {
            double Side(int a) => (corner >> a & 1) == 0 ? Low[a] : High[a];
            var (px, py, pz) = Frame.ToPhysical(Side(0), Side(1), Side(2));
            var (dx, dy, dz) = (px - grid.Origin[0], py - grid.Origin[1], pz - grid.Origin[2]);
            for (int a = 0; a < 3; a++)
            {
                double index = (grid.Direction[a] * dx + grid.Direction[3 + a] * dy + grid.Direction[6 + a] * dz) / grid.Spacing[a];
                (low[a], high[a]) = (Math.Min(low[a], index), Math.Max(high[a], index));
            }
        }
        return (low, high);
    }
}
