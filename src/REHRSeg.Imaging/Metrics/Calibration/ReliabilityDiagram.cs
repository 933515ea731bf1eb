namespace REHRSeg.Imaging;

/// <summary>
/// Confidence against accuracy of class probabilities: voxels are sorted into equal bins by the probability of their most likely class, as in Guo et al. (On Calibration of Modern Neural
/// Networks, ICML 2017). Takes one case after another and keeps numbers alone; not thread-safe, but diagrams of parts can be merged.
/// </summary>
/// <remarks>Bin m of M holds confidences above (m - 1)/M up to and including m/M. Of equally likely classes the earlier one counts, as in label maps.</remarks>
public sealed class ReliabilityDiagram
{
    const int Block = 4096;
    readonly TrueClasses _classes;
    readonly Sums _sums;

    /// <summary>Begins with no voxel.</summary>
    /// <param name="labels">Label value of each channel, in the order of the channels.</param>
    /// <param name="bins">Number of equal bins from 0 to 1.</param>
    public ReliabilityDiagram(IReadOnlyList<LabelClass> labels, int bins = 15)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bins, 1);
        (_classes, _sums) = (new(labels), new(bins));
    }

    /// <summary>Voxels so far.</summary>
    public long Voxels => _sums.Voxels.Sum();

    /// <summary>The bins, from least to most confident.</summary>
    public IReadOnlyList<ConfidenceBin> Bins => [.. Enumerable.Range(0, _sums.Voxels.Length).Select(b =>
        new ConfidenceBin((double)b / _sums.Voxels.Length, (b + 1.0) / _sums.Voxels.Length, _sums.Voxels[b], _sums.Confidence[b] / _sums.Voxels[b], (double)_sums.Right[b] / _sums.Voxels[b]))];

    /// <summary>Expected calibration error (ECE): the mean over voxels of |accuracy - confidence| of their bin; NaN without voxels.</summary>
    public double ExpectedCalibrationError => Enumerable.Range(0, _sums.Voxels.Length).Sum(b => Math.Abs(_sums.Right[b] - _sums.Confidence[b])) / Voxels;

    /// <summary>Maximum calibration error (MCE): the largest |accuracy - confidence| of a bin that is not empty; NaN without voxels.</summary>
    public double MaximumCalibrationError => Bins.Where(b => b.Voxels > 0).Select(b => Math.Abs(b.Accuracy - b.Confidence)).DefaultIfEmpty(double.NaN).Max();

    /// <summary>Mean over voxels of -ln p of the true class, nats; a p of 0 counts as the smallest single-precision number (103.3 nats).</summary>
    public double NegativeLogLikelihood => _sums.Loss / Voxels;

    /// <summary>Brier score: the mean over voxels of the sum over classes of (p - [is the true class])², 0 to 2.</summary>
    public double BrierScore => _sums.Brier / Voxels;

    /// <summary>Part of the voxels whose most likely class is the true one.</summary>
    public double Accuracy => (double)_sums.Right.Sum() / Voxels;

    /// <summary>Mean probability of the most likely class.</summary>
    public double Confidence => _sums.Confidence.Sum() / Voxels;

    /// <summary>Takes one case.</summary>
    /// <param name="probabilities">One channel a class.</param>
    /// <param name="truth">True labels on the same grid.</param>
    /// <param name="region">Only where this is not 0; null: everywhere.</param>
    /// <param name="temperature">Scale the probabilities first (<see cref="TemperatureScaling"/>); 1: as they are.</param>
    /// <exception cref="GeometryMismatchException">The grids differ.</exception>
    /// <exception cref="ArgumentException">Other channels, or values that are no probabilities.</exception>
    /// <exception cref="DatasetException">A true label that is no class.</exception>
    public void Add(MLVolume probabilities, MLVolume truth, MLVolume? region = null, double temperature = 1)
    {
        TemperatureScaling.Require(temperature);
        _classes.RequireCase(probabilities, truth, region);
        int n = truth.Geometry.VoxelCount, classes = _classes.Count;
        var scaled = new float[classes * Block];
        var indices = new int[Block];
        for (int start = 0; start < n; start += Block)
        {
            int length = Math.Min(Block, n - start);
            for (int k = 0; k < classes; k++) probabilities.Channel(k).Slice(start, length).CopyTo(scaled.AsSpan(k * Block));
            if (temperature != 1) TemperatureScaling.Apply(scaled, Block, scaled, Block, classes, length, temperature);
            _classes.IndicesOf(truth.Voxels.Slice(start, length), indices);
            _sums.Add(scaled, Block, classes, indices.AsSpan(0, length), region is null ? default : region.Voxels.Slice(start, length));
        }
    }

    /// <summary>Takes the voxels of another diagram over; it stays as it is.</summary>
    /// <exception cref="ArgumentException">It is about other labels, or has other bins.</exception>
    public void Merge(ReliabilityDiagram other)
    {
        ArgumentNullException.ThrowIfNull(other);
        _classes.RequireSame(other._classes);
        if (_sums.Voxels.Length != other._sums.Voxels.Length) throw new ArgumentException($"The diagrams have {_sums.Voxels.Length} and {other._sums.Voxels.Length} bins; merge those of equal bins.", nameof(other));
        _sums.Add(other._sums);
    }

    sealed class Sums(int bins)
    {
        public readonly long[] Voxels = new long[bins], Right = new long[bins];
        public readonly double[] Confidence = new double[bins];
        public double Loss, Brier;

        public void Add(ReadOnlySpan<float> p, int stride, int classes, ReadOnlySpan<int> truth, ReadOnlySpan<float> region)
        {
            for (int i = 0; i < truth.Length; i++)
            {
                if (!region.IsEmpty && region[i] == 0) continue;
                int top = 0;
                double brier = 0;
                for (int k = 0; k < classes; k++)
                {
                    float probability = p[k * stride + i];
                    if (probability > p[top * stride + i]) top = k;
                    double off = probability - (k == truth[i] ? 1.0 : 0);
                    brier += off * off;
                }
                double confidence = p[top * stride + i], own = p[truth[i] * stride + i];
                int bin = Math.Clamp((int)Math.Ceiling(confidence * Voxels.Length) - 1, 0, Voxels.Length - 1);
                Voxels[bin]++;
                Confidence[bin] += confidence;
                if (top == truth[i]) Right[bin]++;
                Loss -= Math.Log(Math.Max(own, float.Epsilon));
                Brier += brier;
            }
        }

        public void Add(Sums other)
        {
            for (int b = 0; b < Voxels.Length; b++)
            {
                Voxels[b] += other.Voxels[b];
                Right[b] += other.Right[b];
                Confidence[b] += other.Confidence[b];
            }
            (Loss, Brier) = (Loss + other.Loss, Brier + other.Brier);
        }
    }
}

/// <summary>One bin of a <see cref="ReliabilityDiagram"/>.</summary>
/// <param name="Low">Confidences above this,</param>
/// <param name="High">up to and including this.</param>
/// <param name="Voxels">Voxels in the bin.</param>
/// <param name="Confidence">Their mean confidence; NaN where there are none.</param>
/// <param name="Accuracy">Part of them whose most likely class is the true one; NaN where there are none.</param>
public sealed record ConfidenceBin(double Low, double High, long Voxels, double Confidence, double Accuracy);
