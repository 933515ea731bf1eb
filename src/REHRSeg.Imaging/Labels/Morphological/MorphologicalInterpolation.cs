namespace REHRSeg.Imaging;

/// <summary>
/// Morphological contour interpolation of label maps: A. B. Albu, T. Beugeling, D. Laurendeau, "A morphology-based approach for interslice
/// interpolation of anatomical slices from volumetric images", IEEE TBME 55(8):2022-2038, 2008, in the form of ITK's
/// MorphologicalContourInterpolator (D. Zukić, J. Vicory, M. McCormick, L. Wisse, G. Gerig, P. Yushkevich, S. Aylward, "nD morphological
/// contour interpolation", Insight Journal 2016), with its defaults. METHOD.md 10.2.
/// </summary>
internal static class MorphologicalInterpolation
{
    /// <summary>Fills the slices between annotated ones on the volume's own grid: those given, for every class, or if null those that ITK finds, per class.</summary>
    public static MLVolume Fill(MLVolume labels, SliceAxis axis, IReadOnlyCollection<int>? annotated)
    {
        var grid = new SliceGrid(labels.Geometry, axis);
        int[]? slices = annotated is null ? null : [.. annotated.Distinct().Order()];
        var source = labels.Memory;
        float[] result = source.ToArray();
        foreach (var (label, box) in Classes(labels, grid))
            Between(grid, source, label, box, [.. (slices ?? IsolatedSlices(grid, source.Span, label, box)).Select(s => (s, s))], (slice, shape) =>
            {
                foreach (var (x, y) in shape.Pixels())
                {
                    int at = grid.Index(slice, x, y);
                    if (source.Span[at] == 0) result[at] = label;
                }
            });
        return labels.WithVoxels(result);
    }

    /// <summary>Thin slices from thick ones on the FOV-preserving grid.</summary>
    public static MLVolume Refine(MLVolume thick, SliceAxis axis, int factor)
    {
        var geometry = thick.Geometry.Refine(factor, axis);
        SliceGrid from = new(thick.Geometry, axis), to = new(geometry, axis);
        // Whole positions: thick centre i at first + step * i, thin slice k at scale * k + scale - 1; for even r these never meet.
        int scale = int.IsEvenInteger(factor) ? 2 : 1, step = scale * factor, first = step / 2;
        var source = thick.Memory;
        var result = new float[geometry.VoxelCount];
        for (int k = 0; k < to.Slices; k++) CopyIfBeyondOrAtACentre(k);
        foreach (var (label, box) in Classes(thick, from))
            Between(from, source, label, box, [.. Enumerable.Range(0, from.Slices).Select(i => (i, first + step * i))], (position, shape) =>
            {
                if (scale == 2 && int.IsEvenInteger(position)) return;
                foreach (var (x, y) in shape.Pixels()) result[to.Index(position / scale, x, y)] = label;
            });
        return new(geometry, result);

        void CopyIfBeyondOrAtACentre(int thin)
        {
            int beyond = scale * thin + scale - 1 - first, last = from.Slices - 1;
            int slice = beyond <= 0 ? 0 : beyond >= step * last ? last : beyond % step == 0 ? beyond / step : -1;
            for (int y = 0; slice >= 0 && y < from.Plane.Height; y++)
                for (int x = 0; x < from.Plane.Width; x++) result[to.Index(thin, x, y)] = source.Span[from.Index(slice, x, y)];
        }
    }

    /// <summary>One class between each two neighbouring slices, given as index in the volume and position on the grid that is written.</summary>
    static void Between(SliceGrid grid, ReadOnlyMemory<float> labels, float label, PlaneBox box, (int Slice, int Position)[] slices, Action<int, PlaneShape> write)
    {
        var components = new List<PlaneShape>[slices.Length];
        Parallel.For(0, slices.Length, s => components[s] = grid.Components(labels.Span, slices[s].Slice, label, box));
        var pair = new SlicePairInterpolation(grid.Plane, box, write);
        // Pairs write to slices of their own.
        Parallel.For(0, Math.Max(0, slices.Length - 1), s =>
        {
            if (slices[s].Position + 1 < slices[s + 1].Position) pair.Run((slices[s].Position, components[s]), (slices[s + 1].Position, components[s + 1]));
        });
    }

    /// <summary>The classes, ascending (so that the larger overwrites), with their bounding boxes over all slices.</summary>
    static SortedDictionary<float, PlaneBox> Classes(MLVolume labels, SliceGrid grid)
    {
        var classes = new SortedDictionary<float, PlaneBox>();
        var voxels = labels.Voxels;
        for (int slice = 0; slice < grid.Slices; slice++)
            for (int y = 0; y < grid.Plane.Height; y++)
                for (int x = 0; x < grid.Plane.Width; x++)
                {
                    float label = voxels[grid.Index(slice, x, y)];
                    if (label == 0) continue;
                    if (!(label > 0)) throw new ArgumentException($"The label map has the value {label}; classes are 0 or more.", nameof(labels));
                    var pixel = new PlaneBox(x, y, 1, 1);
                    classes[label] = classes.TryGetValue(label, out var box) ? box.Union(pixel) : pixel;
                }
        return classes;
    }

    /// <summary>ITK's annotated slices of a class: some voxel has background before and after it, and the class at its four neighbours in the slice.</summary>
    static int[] IsolatedSlices(SliceGrid grid, ReadOnlySpan<float> labels, float label, PlaneBox box)
    {
        var found = new List<int>();
        for (int slice = 0; slice < grid.Slices; slice++)
            if (IsIsolated(labels, slice)) found.Add(slice);
        return [.. found];

        bool IsIsolated(ReadOnlySpan<float> v, int s)
        {
            for (int y = box.Y + 1; y < box.Bottom - 1; y++)
                for (int x = box.X + 1; x < box.Right - 1; x++)
                    if (v[grid.Index(s, x, y)] == label && v[grid.Index(s, x - 1, y)] == label && v[grid.Index(s, x + 1, y)] == label
                        && v[grid.Index(s, x, y - 1)] == label && v[grid.Index(s, x, y + 1)] == label
                        && (s == 0 || v[grid.Index(s - 1, x, y)] == 0) && (s == grid.Slices - 1 || v[grid.Index(s + 1, x, y)] == 0)) return true;
            return false;
        }
    }
}
