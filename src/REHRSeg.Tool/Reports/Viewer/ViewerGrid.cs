using System.Collections.Immutable;
using REHRSeg.Imaging;

namespace REHRSeg.Tool;

/// <summary>A box of voxels and a step along each axis: what of a volume the viewer embeds. Kept voxels stay where they are in space.</summary>
/// <param name="Start">First voxel along x, y, z.</param>
/// <param name="Count">Voxels of the box.</param>
/// <param name="Step">Every n-th voxel of the box is kept.</param>
internal sealed record ViewerGrid(ImmutableArray<int> Start, ImmutableArray<int> Count, ImmutableArray<int> Step)
{
    public bool IsSubsampled => Step.Any(s => s > 1);

    /// <summary>Voxels that are kept.</summary>
    public ImmutableArray<int> Size => [.. Count.Select((count, a) => (count + Step[a] - 1) / Step[a])];

    /// <summary>The voxels of <paramref name="geometry"/> that a physical box touches, thinned where they are finer than others until at most <paramref name="mostVoxels"/> are left; null if it touches none.</summary>
    public static ViewerGrid? Touching(VolumeGeometry geometry, PhysicalBox box, int mostVoxels)
    {
        var (low, high) = box.IndexRange(geometry);
        int[] start = new int[3], count = new int[3], step = [1, 1, 1];
        for (int a = 0; a < 3; a++)
        {
            // A voxel reaches half a voxel around its centre; 1e-3 of one is rounding.
            start[a] = Math.Max(0, (int)Math.Floor(low[a] + 0.5 + 1e-3));
            count[a] = Math.Min(geometry.Size[a] - 1, (int)Math.Ceiling(high[a] - 0.5 - 1e-3)) - start[a] + 1;
            if (count[a] < 1) return null;
        }
        ViewerGrid Grid() => new([.. start], [.. count], [.. step]);
        while (Grid().Size.Aggregate(1L, (product, size) => product * size) > mostVoxels) step[Enumerable.Range(0, 3).MinBy(a => geometry.Spacing[a] * step[a])]++;
        return Grid();
    }

    /// <summary>The kept voxels of the first channel, with their own geometry.</summary>
    public MLVolume Apply(MLVolume volume)
    {
        var g = volume.Geometry;
        for (int a = 0; a < 3; a++) g = g.Crop((SliceAxis)a, Start[a], Count[a]);
        double[] spacing = [.. g.Spacing.Select((s, a) => s * Step[a])];
        var result = new VolumeGeometry(Size.AsSpan(), spacing, g.Origin.AsSpan(), g.Direction.AsSpan());
        var voxels = new float[result.VoxelCount];
        for (int z = 0, to = 0; z < result.Depth; z++)
            for (int y = 0; y < result.Height; y++)
                for (int x = 0; x < result.Width; x++)
                    voxels[to++] = volume[Start[2] + z * Step[2], Start[1] + y * Step[1], Start[0] + x * Step[0]];
        return new(result, voxels);
    }
}
