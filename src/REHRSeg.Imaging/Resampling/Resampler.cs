namespace REHRSeg.Imaging;

/// <summary>
/// Resamples images and label maps: order 0 (nearest), 1 (linear) or 3 (cubic B-spline with prefilter), equal to scipy.ndimage and
/// scikit-image to 1e-4 of the value range. Nothing is smoothed before shrinking, and cubic values are not clipped to the input's range. Work is
/// spread over all cores; all methods are thread-safe.
/// </summary>
public static partial class Resampler
{
    /// <summary>
    /// To another number of voxels over the same field of view, all channels: new voxel k of m lies at old index (k + 0.5) n/m - 0.5, and the outermost voxels
    /// go on beyond their centres. Equal to scikit-image's <c>resize(mode="edge", anti_aliasing=False, clip=False)</c> and to
    /// <c>scipy.ndimage.map_coordinates</c> or <c>zoom(grid_mode=True)</c> with mode "nearest". Beside the result, the memory needed is one
    /// intermediate volume at most: none if x and y change and slices are not lost, or if one axis changes.
    /// </summary>
    /// <param name="volume">Image.</param>
    /// <param name="size">New voxels along x, y, z.</param>
    /// <param name="order">0, 1 or 3.</param>
    /// <param name="orderZ">Order along z if different (nnU-Net's separate z), else null.</param>
    /// <exception cref="ArgumentException">An order is not 0, 1 or 3, or a size is below 1.</exception>
    public static MLVolume Resize(MLVolume volume, ReadOnlySpan<int> size, int order = 3, int? orderZ = null)
    {
        ArgumentNullException.ThrowIfNull(volume);
        return Resize(volume, ResizedGeometry(volume.Geometry, size), [order, order, orderZ ?? order]);
    }

    /// <summary>
    /// Labels over the same field of view in another number of voxels. Each label's one-hot map is thought of as resampled linearly; the shares decide.
    /// With <see cref="LabelDecision.Half"/> equal to nnU-Net's <c>resize_segmentation</c> of order 1. Time and memory do not depend on the number of labels.
    /// </summary>
    /// <param name="labels">Label map; each channel is resampled by itself.</param>
    /// <param name="size">New voxels along x, y, z.</param>
    /// <param name="separateZ">Nearest neighbour along z (anisotropic data), linear in plane.</param>
    /// <param name="decision">Which share wins.</param>
    /// <exception cref="ArgumentException">A size is below 1.</exception>
    public static MLVolume ResizeLabels(MLVolume labels, ReadOnlySpan<int> size, bool separateZ = false, LabelDecision decision = LabelDecision.Half)
    {
        ArgumentNullException.ThrowIfNull(labels);
        return ResizeLabels(labels, ResizedGeometry(labels.Geometry, size), [1, 1, separateZ ? 0 : 1], decision);
    }

    /// <summary>Thin image from a thick one along an axis: cubic B-spline on the FOV-preserving grid (r slices for each).</summary>
    /// <param name="thick">Image of D thick slices along <paramref name="axis"/>.</param>
    /// <param name="axis">Slice axis.</param>
    /// <param name="factor">Thin slices per thick slice, r, at least 1.</param>
    /// <param name="order">0, 1 or 3.</param>
    /// <returns>r·D slices; thin slice k sits at thick coordinate (k + 0.5)/r - 0.5.</returns>
    public static MLVolume RefineImage(MLVolume thick, SliceAxis axis, int factor, int order = 3)
    {
        ArgumentNullException.ThrowIfNull(thick);
        return Resize(thick, thick.Geometry.Refine(factor, axis), [order, order, order]);
    }

    /// <summary>The distinct voxel values, ascending.</summary>
    internal static float[] LabelValues(MLVolume labels)
    {
        var seen = new SortedSet<float>();
        float last = float.NaN;
        foreach (float v in labels.Voxels)
            if (v != last) seen.Add(last = v);
        return [.. seen];
    }

    static MLVolume Resize(MLVolume volume, VolumeGeometry target, ReadOnlySpan<int> orders)
    {
        foreach (int order in orders) RequireOrder(order);
        var (from, axes) = (volume.Geometry, new AxisSampling?[3]);
        for (int a = 0; a < 3; a++) axes[a] = target.Size[a] == from.Size[a] ? null : AxisSampling.Resize(from.Size[a], target.Size[a], orders[a]);
        return new(target, SeparableResampling.Run(volume.Memory, volume.Channels, from.Size.AsSpan(), axes), volume.Channels);
    }

    static MLVolume ResizeLabels(MLVolume labels, VolumeGeometry target, int[] orders, LabelDecision decision)
    {
        if (!Enum.IsDefined(decision)) throw new ArgumentOutOfRangeException(nameof(decision), decision, "This is not a rule for labels.");
        var from = labels.Geometry;
        if (target.Size.SequenceEqual(from.Size)) return labels;
        // An axis that stays as it is has its samples where they were, which order 0 leaves alone.
        AxisSampling[] axes = [.. Enumerable.Range(0, 3).Select(a => AxisSampling.Resize(from.Size[a], target.Size[a], from.Size[a] == target.Size[a] ? 0 : orders[a]))];
        var result = new float[checked(labels.Channels * target.VoxelCount)];
        for (int c = 0; c < labels.Channels; c++)
            LabelSampling.Resize(labels.Memory.Slice(c * from.VoxelCount, from.VoxelCount), result.AsMemory(c * target.VoxelCount, target.VoxelCount), axes, decision);
        return new(target, result, labels.Channels);
    }

    static VolumeGeometry ResizedGeometry(VolumeGeometry from, ReadOnlySpan<int> size)
    {
        if (size.Length != 3 || size[0] < 1 || size[1] < 1 || size[2] < 1)
            throw new ArgumentException($"size is ({string.Join(", ", size.ToArray())}); it needs three values of at least 1, along x, y, z.", nameof(size));
        var spacing = new double[3];
        for (int a = 0; a < 3; a++) spacing[a] = from.Spacing[a] * from.Size[a] / size[a];
        // The first new voxel's centre, in old indices: the field of view starts at -0.5 on both grids.
        double First(int n, int m) => 0.5 * n / m - 0.5;
        var (x, y, z) = from.ToPhysical(First(from.Width, size[0]), First(from.Height, size[1]), First(from.Depth, size[2]));
        return new(size, spacing, [x, y, z], from.Direction.AsSpan());
    }

    static void RequireOrder(int order)
    {
        if (order is not (0 or 1 or 3)) throw new ArgumentOutOfRangeException(nameof(order), order, "Interpolation orders are 0 (nearest), 1 (linear) and 3 (cubic B-spline).");
    }
}
