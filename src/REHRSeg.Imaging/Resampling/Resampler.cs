namespace REHRSeg.Imaging;

/// <summary>Separable resampling, half-pixel (FOV-preserving) coordinates, edge-replicated.</summary>
public static class Resampler
{
    /// <summary>
    /// To another number of voxels over the same field of view, all channels. Order 0 (nearest), 1 (linear), 3 (cubic B-spline
    /// with prefilter; equal to scipy.ndimage.map_coordinates order 3, mode nearest, to 1e-4). Values are not clipped to the
    /// input's range, and shrinking does not smooth first.
    /// </summary>
    /// <param name="volume">Image.</param>
    /// <param name="size">New voxels along x, y, z.</param>
    /// <param name="order">0, 1 or 3.</param>
    /// <param name="orderZ">Order along z if different (nnU-Net's separate z), else null.</param>
    /// <exception cref="ArgumentException">An order is not 0, 1 or 3, or a size is below 1.</exception>
    public static MLVolume Resize(MLVolume volume, ReadOnlySpan<int> size, int order = 3, int? orderZ = null)
    {
        ArgumentNullException.ThrowIfNull(volume);
        return Resize(volume, ResizedGeometry(volume.Geometry, size), order, orderZ ?? order);
    }

    /// <summary>Labels: per-label one-hot of the order-1 resample, value of at least 0.5 wins, labels ascending (nnU-Net); z nearest if <paramref name="separateZ"/>.</summary>
    /// <param name="labels">Label map; each channel is resampled by itself.</param>
    /// <param name="size">New voxels along x, y, z.</param>
    /// <param name="separateZ">Nearest neighbour along z (anisotropic data), linear in plane.</param>
    public static MLVolume ResizeLabels(MLVolume labels, ReadOnlySpan<int> size, bool separateZ = false)
    {
        ArgumentNullException.ThrowIfNull(labels);
        var geometry = ResizedGeometry(labels.Geometry, size);
        if (geometry.Size.SequenceEqual(labels.Geometry.Size)) return labels;
        var result = new float[checked(labels.Channels * geometry.VoxelCount)];
        var mask = new float[labels.Voxels.Length];
        foreach (float label in LabelValues(labels))
        {
            if (label == 0) continue;
            var voxels = labels.Voxels;
            for (int i = 0; i < mask.Length; i++) mask[i] = voxels[i] == label ? 1 : 0;
            var share = Resize(labels.WithVoxels(mask, labels.Channels), geometry, 1, separateZ ? 0 : 1).Voxels;
            for (int i = 0; i < result.Length; i++) if (share[i] >= 0.5f) result[i] = label;
        }
        return new(geometry, result, labels.Channels);
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
        return Resize(thick, thick.Geometry.Refine(factor, axis), order, order);
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

    static MLVolume Resize(MLVolume volume, VolumeGeometry target, int order, int orderZ)
    {
        RequireOrder(order, nameof(order));
        RequireOrder(orderZ, nameof(orderZ));
        ReadOnlyMemory<float> voxels = volume.Memory;
        int[] size = [.. volume.Geometry.Size];
        // Axes that shrink go first, so that the passes that follow have less to do.
        foreach (int a in Enumerable.Range(0, 3).OrderBy(a => (double)target.Size[a] / size[a]))
        {
            if (target.Size[a] == size[a]) continue;
            int inner = 1, outer = volume.Channels;
            for (int b = 0; b < a; b++) inner *= size[b];
            for (int b = a + 1; b < 3; b++) outer *= size[b];
            voxels = AxisInterpolation.Resample(voxels, outer, size[a], inner, target.Size[a], a == 2 ? orderZ : order);
            size[a] = target.Size[a];
        }
        return new(target, voxels, volume.Channels);
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

    static void RequireOrder(int order, string name)
    {
        if (order is not (0 or 1 or 3)) throw new ArgumentOutOfRangeException(name, order, "Interpolation orders are 0 (nearest), 1 (linear) and 3 (cubic B-spline).");
    }
}
