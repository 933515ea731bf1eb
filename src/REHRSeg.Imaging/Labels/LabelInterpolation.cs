namespace REHRSeg.Imaging;

/// <summary>Thin label maps from thick ones along an axis, on the FOV-preserving grid.</summary>
public static class LabelInterpolation
{
    /// <summary>Each thin slice takes its thick slice's labels.</summary>
    /// <param name="thick">Label map of thick slices.</param>
    /// <param name="axis">Slice axis.</param>
    /// <param name="factor">Thin slices per thick slice, r.</param>
    public static MLVolume Nearest(MLVolume thick, SliceAxis axis, int factor) => Resampler.RefineImage(thick, axis, factor, 0);

    /// <summary>Shape-based interpolation: per class the signed distance in each slice, linear between slices, largest wins, ties to background.</summary>
    /// <remarks>
    /// The distance is 2-D, exact, in mm, positive inside; the background takes part with its own, which for two classes is the same as
    /// asking for a positive distance and for more leaves no gaps between touching classes. Thin slice k lies at thick coordinate
    /// (k + 0.5)/r - 0.5; beyond the first and last thick centre the labels stay constant. A class that is missing in one of two neighbouring slices
    /// tapers towards it and ends halfway: its distance there is minus the largest inside distance of the slice that has it.
    /// </remarks>
    /// <param name="thick">Label map of thick slices, one channel.</param>
    /// <param name="axis">Slice axis.</param>
    /// <param name="factor">Thin slices per thick slice, r.</param>
    public static MLVolume SignedDistance(MLVolume thick, SliceAxis axis, int factor)
    {
        RequireLabels(thick, nameof(thick));
        var slices = thick.SwapAxes(axis, SliceAxis.Z);
        var geometry = slices.Geometry.Refine(factor, SliceAxis.Z);
        int plane = slices.Width * slices.Height;
        var labels = new float[geometry.VoxelCount];
        var best = new float[geometry.VoxelCount];
        Array.Fill(best, float.NegativeInfinity);
        foreach (float label in Resampler.LabelValues(slices))
        {
            var distances = new SignedDistanceStack(slices, label);
            Parallel.For(0, geometry.Depth, k =>
            {
                double position = Math.Clamp((k + 0.5) / factor - 0.5, 0, slices.Depth - 1);
                int below = (int)position, above = Math.Min(below + 1, slices.Depth - 1);
                float t = (float)(position - below), s = 1 - t;
                ReadOnlySpan<float> a = distances[below], b = distances[above];
                float? endA = distances.End(below, above), endB = distances.End(above, below);
                for (int i = 0, to = k * plane; i < plane; i++, to++)
                {
                    float value = s * (endA ?? a[i]) + t * (endB ?? b[i]);
                    if (value > best[to]) (best[to], labels[to]) = (value, label);
                }
            });
        }
        return new MLVolume(geometry, labels).SwapAxes(axis, SliceAxis.Z);
    }

    /// <summary>
    /// Morphological contour interpolation between thick slices (METHOD.md 10.2): per class, components that overlap move into each other and
    /// change shape by medians; the larger class wins.
    /// </summary>
    /// <remarks>
    /// Albu et al., IEEE TBME 55(8):2022-2038, 2008, in the form of ITK's MorphologicalContourInterpolator (Zukić et al., Insight Journal 2016);
    /// distances are in voxels, as there. Every thick slice counts as annotated: a component without a counterpart in the next slice closes to a point
    /// there, and a class is not bridged across a slice that does not have it. Thin slice k lies at thick coordinate (k + 0.5)/r - 0.5; for odd r the
    /// thick slices are kept at their centres; beyond the first and last centre the labels stay constant.
    /// </remarks>
    /// <param name="thick">Label map of thick slices, one channel, values of 0 or more.</param>
    /// <param name="axis">Slice axis.</param>
    /// <param name="factor">Thin slices per thick slice, r.</param>
    /// <exception cref="ArgumentException">More than one channel, a negative or undefined value, or a factor below 1.</exception>
    public static MLVolume Morphological(MLVolume thick, SliceAxis axis, int factor)
    {
        RequireLabels(thick, nameof(thick));
        return MorphologicalInterpolation.Refine(thick, axis, factor);
    }

    /// <summary>Fills the slices between annotated ones on the volume's own grid, by the same morphological interpolation; voxels that have a label keep it.</summary>
    /// <param name="labels">Label map in which some slices are annotated and the others are 0; one channel, values of 0 or more.</param>
    /// <param name="axis">Axis across the slices.</param>
    /// <param name="slices">
    /// The annotated slices, for every class, also where it is absent. Null: found per class as ITK does; a slice counts where a voxel has the class at its four
    /// neighbours in the slice and background before and after, so that a class is bridged across slices without it.
    /// </param>
    /// <exception cref="ArgumentException">More than one channel, a negative or undefined value, or a slice outside the volume.</exception>
    public static MLVolume FillBetweenSlices(MLVolume labels, SliceAxis axis, IReadOnlyCollection<int>? slices = null)
    {
        RequireLabels(labels, nameof(labels));
        int count = labels.Geometry.Size[(int)axis];
        foreach (int slice in slices ?? [])
            if (slice < 0 || slice >= count) throw new ArgumentOutOfRangeException(nameof(slices), slice, $"Slices along {axis} are numbered 0 to {count - 1}.");
        return MorphologicalInterpolation.Fill(labels, axis, slices);
    }

    static void RequireLabels(MLVolume labels, string name)
    {
        ArgumentNullException.ThrowIfNull(labels, name);
        if (labels.Channels != 1) throw new ArgumentException($"A label map has one channel; this one has {labels.Channels}.", name);
    }

    /// <summary>One class's signed distance (mm, positive inside) in each slice of a <c>D x H x W</c> label map.</summary>
    sealed class SignedDistanceStack
    {
        readonly float[] _values;
        readonly (float Least, float Largest)[] _range;
        readonly int _plane;

        public SignedDistanceStack(MLVolume labels, float label)
        {
            int width = labels.Width, height = labels.Height;
            double sx = labels.Geometry.Spacing[0], sy = labels.Geometry.Spacing[1];
            float diagonal = (float)double.Hypot(width * sx, height * sy);
            _plane = width * height;
            _values = new float[labels.Voxels.Length];
            _range = new (float, float)[labels.Depth];
            Parallel.For(0, labels.Depth, z =>
            {
                var slice = labels.Voxels.Slice(z * _plane, _plane);
                bool[] inside = new bool[_plane], outside = new bool[_plane];
                for (int i = 0; i < _plane; i++) outside[i] = !(inside[i] = slice[i] == label);
                float[] toOutside = DistanceTransform.Squared(outside, [width, height], [sx, sy]);
                float[] toInside = DistanceTransform.Squared(inside, [width, height], [sx, sy]);
                float least = diagonal, largest = -diagonal;
                for (int i = 0; i < _plane; i++)
                {
                    float d = inside[i] ? Math.Min(MathF.Sqrt(toOutside[i]), diagonal) : -Math.Min(MathF.Sqrt(toInside[i]), diagonal);
                    _values[z * _plane + i] = d;
                    (least, largest) = (Math.Min(least, d), Math.Max(largest, d));
                }
                _range[z] = (least, largest);
            });
        }

        public ReadOnlySpan<float> this[int slice] => _values.AsSpan(slice * _plane, _plane);

        /// <summary>The one distance that stands for a slice without the class, or full of it, next to a slice with a boundary; else null.</summary>
        public float? End(int slice, int neighbour)
        {
            if (HasBoundary(slice) || !HasBoundary(neighbour)) return null;
            return _range[slice].Largest < 0 ? -_range[neighbour].Largest : -_range[neighbour].Least;
        }

        bool HasBoundary(int slice) => _range[slice].Least < 0 && _range[slice].Largest > 0;
    }
}
