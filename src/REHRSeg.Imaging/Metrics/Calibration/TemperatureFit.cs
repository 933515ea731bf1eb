namespace REHRSeg.Imaging;

/// <summary>
/// Finds the temperature (<see cref="TemperatureScaling"/>) with the least negative log-likelihood on held-out cases. Keeps a sample of each case's voxels, so that memory is
/// <c>4 (K + 1)</c> bytes times <c>voxelsPerCase</c> a case, however large the volumes are.
/// </summary>
/// <remarks>
/// The loss is convex in 1/T; a bracketed Newton search finds its minimum for T from <see cref="Coldest"/> to <see cref="Hottest"/>. Where a case has more voxels than are kept, up to half of the sample are
/// voxels whose true class has a probability below 0.99, which decide about T; weights make up for that, so that the loss is an unbiased estimate of that of all voxels.
/// A true class of probability 0 costs the same at any temperature (103.3 nats, that of the smallest single-precision number).
/// </remarks>
public sealed class TemperatureFit
{
    /// <summary>The smallest temperature that is looked for.</summary>
    public const double Coldest = 0.05;
    /// <summary>The largest one.</summary>
    public const double Hottest = 20;
    internal const double LossOfZero = 103.27892990343185; // -ln of the smallest float
    const float Sure = 0.99f;

    readonly TrueClasses _classes;
    readonly int _voxelsPerCase, _seed;
    readonly List<Sample> _samples = [];
    int _cases;

    /// <summary>Begins with no case.</summary>
    /// <param name="labels">Label value of each channel, in the order of the channels.</param>
    /// <param name="voxelsPerCase">The most voxels of a case that are kept.</param>
    /// <param name="seed">Of the choice of voxels.</param>
    public TemperatureFit(IReadOnlyList<LabelClass> labels, int voxelsPerCase = 50_000, int seed = 1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(voxelsPerCase, 2);
        (_classes, _voxelsPerCase, _seed) = (new(labels), voxelsPerCase, seed);
    }

    /// <summary>Voxels that the cases have (within their regions), kept or not.</summary>
    public long Voxels { get; private set; }

    /// <summary>Voxels that are kept.</summary>
    public long VoxelsKept => _samples.Sum(s => (long)s.Truth.Length);

    /// <summary>Takes one case.</summary>
    /// <param name="probabilities">One channel a class.</param>
    /// <param name="truth">True labels on the same grid.</param>
    /// <param name="region">Only where this is not 0; null: everywhere.</param>
    /// <exception cref="GeometryMismatchException">The grids differ.</exception>
    /// <exception cref="ArgumentException">Other channels, or values that are no probabilities.</exception>
    /// <exception cref="DatasetException">A true label that is no class.</exception>
    public void Add(MLVolume probabilities, MLVolume truth, MLVolume? region = null)
    {
        _classes.RequireCase(probabilities, truth, region);
        int n = truth.Geometry.VoxelCount;
        var indices = new int[n];
        _classes.IndicesOf(truth.Voxels, indices);
        var p = probabilities.Voxels;
        var inside = region is null ? default : region.Voxels;
        int unsure = 0, sure = 0;
        for (int i = 0; i < n; i++)
        {
            if (!inside.IsEmpty && inside[i] == 0) continue;
            if (p[indices[i] * n + i] < Sure) unsure++;
            else sure++;
        }
        int takeUnsure = Math.Min(unsure, Math.Max(_voxelsPerCase / 2, _voxelsPerCase - sure)), takeSure = Math.Min(sure, _voxelsPerCase - takeUnsure);
        var random = new Random(unchecked(_seed * 486187739 + _cases++));
        Draw(p, indices, inside, wantSure: false, unsure, takeUnsure, random);
        Draw(p, indices, inside, wantSure: true, sure, takeSure, random);
        Voxels += unsure + sure;
    }

    /// <summary>Takes the cases of another one over; it stays as it is.</summary>
    /// <exception cref="ArgumentException">It is about other labels.</exception>
    public void Merge(TemperatureFit other)
    {
        ArgumentNullException.ThrowIfNull(other);
        _classes.RequireSame(other._classes);
        _samples.AddRange(other._samples.ToArray());
        Voxels += other.Voxels;
        _cases += other._cases;
    }

    /// <summary>The best temperature for the cases so far. Where all probabilities are 0 or 1, so that none would change anything, it is 1.</summary>
    /// <exception cref="InvalidOperationException">There is no voxel.</exception>
    public FittedTemperature Fit()
    {
        if (Voxels == 0) throw new InvalidOperationException("There is no voxel to fit a temperature on. Add a case first.");
        var (before, slope, curvature) = Loss(1);
        double low = 1 / Hottest, high = 1 / Coldest, inverse = 1;
        if (slope == 0 && curvature == 0) return new(1, before, before, Voxels, VoxelsKept, false);
        for (int i = 0; i < 200 && slope != 0; i++)
        {
            if (slope > 0) high = inverse;
            else low = inverse;
            double next = curvature > 0 ? inverse - slope / curvature : double.NaN;
            if (!(next > low && next < high)) next = Math.Sqrt(low * high);
            double step = Math.Abs(next - inverse);
            inverse = next;
            if (step <= 1e-12 * inverse || high - low <= 1e-12 * high) break;
            (_, slope, curvature) = Loss(inverse);
        }
        bool atLimit = inverse <= (1 + 1e-9) / Hottest || inverse >= (1 - 1e-9) / Coldest;
        if (atLimit) inverse = inverse < 1 ? 1 / Hottest : 1 / Coldest;
        return new(1 / inverse, before, Loss(inverse).Value, Voxels, VoxelsKept, atLimit);
    }

    /// <summary>Mean negative log-likelihood at 1/T, with its first and second derivative.</summary>
    (double Value, double Slope, double Curvature) Loss(double inverse)
    {
        double value = 0, slope = 0, curvature = 0;
        int classes = _classes.Count;
        foreach (var sample in _samples)
        {
            double v = 0, s = 0, c = 0;
            for (int i = 0; i < sample.Truth.Length; i++)
            {
                var logs = sample.Logs.AsSpan(i * classes, classes);
                double own = logs[sample.Truth[i]];
                if (double.IsNegativeInfinity(own))
                {
                    v += LossOfZero;
                    continue;
                }
                double sum = 0, mean = 0, square = 0;
                foreach (float log in logs)
                {
                    if (float.IsNegativeInfinity(log)) continue;
                    double beyond = log - own, e = Math.Exp(inverse * beyond);
                    (sum, mean, square) = (sum + e, mean + beyond * e, square + beyond * beyond * e);
                }
                mean /= sum;
                v += Math.Log(sum);
                s += mean;
                c += square / sum - mean * mean;
            }
            (value, slope, curvature) = (value + sample.Weight * v, slope + sample.Weight * s, curvature + sample.Weight * c);
        }
        return (value / Voxels, slope / Voxels, Math.Max(0, curvature / Voxels));
    }

    /// <summary>Keeps <paramref name="wanted"/> of the voxels that are (not) sure, each as likely as the other (Knuth, algorithm S).</summary>
    void Draw(ReadOnlySpan<float> p, int[] indices, ReadOnlySpan<float> inside, bool wantSure, int there, int wanted, Random random)
    {
        if (wanted == 0) return;
        int n = indices.Length, classes = _classes.Count, taken = 0;
        var sample = new Sample(new float[checked(wanted * classes)], new int[wanted], (double)there / wanted);
        for (int i = 0, left = there; taken < wanted; i++)
        {
            if ((!inside.IsEmpty && inside[i] == 0) || p[indices[i] * n + i] < Sure == wantSure) continue;
            if (random.NextDouble() * left-- >= wanted - taken) continue;
            for (int k = 0; k < classes; k++) sample.Logs[taken * classes + k] = MathF.Log(MathF.Max(0, p[k * n + i]));
            sample.Truth[taken++] = indices[i];
        }
        _samples.Add(sample);
    }

    /// <summary>ln p of voxels, K each, their true classes, and how many voxels each stands for.</summary>
    sealed record Sample(float[] Logs, int[] Truth, double Weight);
}

/// <summary>What <see cref="TemperatureFit"/> found.</summary>
/// <param name="Temperature">T.</param>
/// <param name="LossBefore">Mean negative log-likelihood at T = 1, nats; of kept voxels, weighted.</param>
/// <param name="LossAfter">The same at T.</param>
/// <param name="Voxels">Voxels of the cases.</param>
/// <param name="VoxelsKept">Those that the fit looked at.</param>
/// <param name="AtLimit">True: the best temperature is beyond <see cref="TemperatureFit.Coldest"/> or <see cref="TemperatureFit.Hottest"/>, for example as every voxel is right.</param>
public sealed record FittedTemperature(double Temperature, double LossBefore, double LossAfter, long Voxels, long VoxelsKept, bool AtLimit);
