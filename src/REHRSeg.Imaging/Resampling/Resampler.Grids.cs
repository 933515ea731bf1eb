using System.Runtime.InteropServices;

namespace REHRSeg.Imaging;

public static partial class Resampler
{
    /// <summary>
    /// An image on any other grid in space, rotated or not, all channels: each target voxel's centre is looked up in the source. Equal to
    /// <c>scipy.ndimage.map_coordinates(mode="nearest")</c> inside the field of view. Axes that are parallel are resampled one by one; otherwise a
    /// cubic resample holds the channel's coefficients (4 bytes a voxel) beside the result.
    /// </summary>
    /// <param name="volume">Image.</param>
    /// <param name="target">Grid of the result.</param>
    /// <param name="order">0 (nearest; half-way positions go to the larger index), 1 or 3.</param>
    /// <param name="outside">What is shown where there is no source.</param>
    /// <param name="fill">The value for <see cref="OutsideRule.Fill"/>.</param>
    /// <exception cref="ArgumentException">The order is not 0, 1 or 3.</exception>
    public static MLVolume OntoGrid(MLVolume volume, VolumeGeometry target, int order = 1, OutsideRule outside = OutsideRule.Fill, float fill = 0)
    {
        ArgumentNullException.ThrowIfNull(volume);
        ArgumentNullException.ThrowIfNull(target);
        RequireOrder(order);
        RequireRule(outside);
        var (from, mapping) = (volume.Geometry, new GridMapping(volume.Geometry, target));
        if (mapping.IsSeparable) return AxisByAxis(volume, target, mapping, order, outside, fill);
        var result = GC.AllocateUninitializedArray<float>(checked(volume.Channels * target.VoxelCount));
        for (int c = 0; c < volume.Channels; c++)
            GridSampling.Image(volume.Memory.Slice(c * from.VoxelCount, from.VoxelCount), from, result.AsMemory(c * target.VoxelCount, target.VoxelCount), target, mapping, order, outside, fill);
        return new(target, result, volume.Channels);
    }

    /// <summary>A label map on any other grid: the label of the nearest voxel, or of the largest share of the linear one-hot maps.</summary>
    /// <param name="labels">Label map; each channel is resampled by itself.</param>
    /// <param name="target">Grid of the result.</param>
    /// <param name="order">0: nearest; 1: largest share, equal ones to the smallest label.</param>
    /// <param name="outside">What is shown where there is no source.</param>
    /// <param name="fill">The label for <see cref="OutsideRule.Fill"/>.</param>
    /// <exception cref="ArgumentException">The order is not 0 or 1.</exception>
    public static MLVolume LabelsOntoGrid(MLVolume labels, VolumeGeometry target, int order = 1, OutsideRule outside = OutsideRule.Fill, float fill = 0)
    {
        if (order == 0) return OntoGrid(labels, target, 0, outside, fill);
        ArgumentNullException.ThrowIfNull(labels);
        ArgumentNullException.ThrowIfNull(target);
        if (order != 1) throw new ArgumentOutOfRangeException(nameof(order), order, "Labels are resampled with order 0 (nearest) or 1 (largest share of the linear one-hot maps).");
        RequireRule(outside);
        var (from, mapping) = (labels.Geometry, new GridMapping(labels.Geometry, target));
        var result = GC.AllocateUninitializedArray<float>(checked(labels.Channels * target.VoxelCount));
        for (int c = 0; c < labels.Channels; c++)
            GridSampling.Labels(labels.Memory.Slice(c * from.VoxelCount, from.VoxelCount), from, result.AsMemory(c * target.VoxelCount, target.VoxelCount), target, mapping, outside, fill);
        return new(target, result, labels.Channels);
    }

    static MLVolume AxisByAxis(MLVolume volume, VolumeGeometry target, GridMapping mapping, int order, OutsideRule outside, float fill)
    {
        var from = volume.Geometry;
        var axes = new AxisSampling?[3];
        for (int a = 0; a < 3; a++)
            axes[a] = mapping.IsIdentity(a) ? null : AxisSampling.Along(from.Size[a], target.Size[a], order, mapping.Matrix[4 * a], mapping.Shift[a]);
        var voxels = SeparableResampling.Run(volume.Memory, volume.Channels, from.Size.AsSpan(), axes);
        bool[][] inside = [.. Enumerable.Range(0, 3).Select(a => Inside(from.Size[a], target.Size[a], mapping.Matrix[4 * a], mapping.Shift[a]))];
        if (outside == OutsideRule.Replicate || inside.All(i => !i.Contains(false))) return new(target, voxels, volume.Channels);
        var filled = MemoryMarshal.AsMemory(voxels); // made by Run: an axis that leaves the source is resampled
        Parallel.For(0, volume.Channels * target.Depth * target.Height, row =>
        {
            var values = filled.Span.Slice(row * target.Width, target.Width);
            if (!inside[2][row / target.Height % target.Depth] || !inside[1][row % target.Height]) values.Fill(fill);
            else for (int x = 0; x < values.Length; x++) if (!inside[0][x]) values[x] = fill;
        });
        return new(target, filled, volume.Channels);
    }

    static bool[] Inside(int n, int m, double scale, double shift) =>
        [.. Enumerable.Range(0, m).Select(k => scale * k + shift).Select(x => x >= -0.5 - GridMapping.Tolerance && x <= n - 0.5 + GridMapping.Tolerance)];

    static void RequireRule(OutsideRule outside)
    {
        if (!Enum.IsDefined(outside)) throw new ArgumentOutOfRangeException(nameof(outside), outside, "This is not a rule for the outside.");
    }
}
