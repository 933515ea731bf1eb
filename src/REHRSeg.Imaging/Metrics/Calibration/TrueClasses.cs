namespace REHRSeg.Imaging;

/// <summary>Class probabilities beside the true label of each voxel: checks that they belong together, and names classes by position.</summary>
internal sealed class TrueClasses
{
    /// <summary>Rounding of resampled, blended or quantised probabilities.</summary>
    const float Tolerance = 0.01f;
    readonly int[] _values;

    /// <exception cref="ArgumentException">Fewer than two classes, or a value twice.</exception>
    public TrueClasses(IReadOnlyList<LabelClass> labels)
    {
        ArgumentNullException.ThrowIfNull(labels);
        _values = [.. labels.Select(l => l.Value)];
        if (_values.Length < 2 || _values.Distinct().Count() != _values.Length)
            throw new ArgumentException($"The labels are ({string.Join(", ", _values)}); probabilities need at least two different ones, in the order of their channels.", nameof(labels));
    }

    /// <summary>Number of classes K.</summary>
    public int Count => _values.Length;

    /// <exception cref="ArgumentException">Other classes.</exception>
    public void RequireSame(TrueClasses other)
    {
        if (!_values.AsSpan().SequenceEqual(other._values)) throw new ArgumentException($"The labels are ({string.Join(", ", _values)}) and ({string.Join(", ", other._values)}); merge what was measured on the same ones.", nameof(other));
    }

    /// <summary>Checks a case.</summary>
    /// <exception cref="GeometryMismatchException">The grids differ.</exception>
    /// <exception cref="ArgumentException">Other channels, or values that are no probabilities.</exception>
    /// <exception cref="DatasetException">A true label that is no class.</exception>
    public void RequireCase(MLVolume probabilities, MLVolume truth, MLVolume? region)
    {
        ArgumentNullException.ThrowIfNull(probabilities);
        ArgumentNullException.ThrowIfNull(truth);
        probabilities.RequireSameGrid(truth, "The probabilities", "the true labels");
        if (region is not null) probabilities.RequireSameGrid(region, "The probabilities", "the region");
        if (probabilities.Channels != Count) throw new ArgumentException($"The probabilities have {probabilities.Channels} channel(s), but there are {Count} classes. Give one channel a class.", nameof(probabilities));
        if (truth.Channels != 1 || region is { Channels: not 1 }) throw new ArgumentException("True labels and region have one channel.", nameof(truth));
        var all = probabilities.Voxels;
        int n = truth.Geometry.VoxelCount;
        for (int i = 0; i < n; i++)
        {
            float sum = 0, least = float.PositiveInfinity;
            for (int k = 0; k < Count; k++)
            {
                float p = all[k * n + i];
                (sum, least) = (sum + p, MathF.Min(least, p));
            }
            if (!(least >= -1e-6f && MathF.Abs(sum - 1) <= Tolerance))
                throw new ArgumentException(FormattableString.Invariant($"Voxel {i} has probabilities from {least} that add up to {sum}; they must be 0 to 1 and add up to 1. Give softmax probabilities, not scores."), nameof(probabilities));
        }
        IndicesOf(truth.Voxels, new int[Math.Min(n, 1 << 16)]);
    }

    /// <summary>Positions of true labels among the classes; a shorter target is filled again and again, to check alone.</summary>
    public void IndicesOf(ReadOnlySpan<float> truth, Span<int> classes)
    {
        float last = float.NaN;
        int index = 0;
        for (int i = 0, at = 0; i < truth.Length; i++)
        {
            if (truth[i] != last)
            {
                last = truth[i];
                index = last == (int)last ? Array.IndexOf(_values, (int)last) : -1;
                if (index < 0) throw new DatasetException(FormattableString.Invariant($"The true labels hold the value {last}, which is none of the classes ({string.Join(", ", _values)}). Give the label map of the model's labels."));
            }
            classes[at] = index;
            if (++at == classes.Length) at = 0;
        }
    }
}
