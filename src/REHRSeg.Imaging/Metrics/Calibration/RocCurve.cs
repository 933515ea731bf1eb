namespace REHRSeg.Imaging;

/// <summary>
/// Receiver operating characteristic of a score for a yes-or-no property of voxels, for example of an uncertainty for wrong labels. <see cref="Area"/> is the probability that a voxel with the
/// property scores higher than one without it, ties counting half (the Mann-Whitney statistic). Takes one case after another in 5.5 MB, whatever their size; not thread-safe, but parts can be merged.
/// </summary>
/// <remarks>
/// Scores are counted in bins that share sign, exponent and nine bits of the fraction, so 0.2 % wide at any size. Voxels of one bin are taken as tied. That is exact where they are (integers up to 1024,
/// multiples of a power of two of that many digits, or a bin of one repeated value); otherwise the area is off by at most <see cref="LargestError"/>, which for continuous scores is some 1e-4.
/// </remarks>
public sealed class RocCurve
{
    const int DroppedBits = 14, Length = 1 << (32 - DroppedBits);
    readonly long[] _with = new long[Length], _without = new long[Length];
    readonly float[] _value = new float[Length];
    readonly bool[] _mixed = new bool[Length];

    /// <summary>Voxels with the property.</summary>
    public long Positives { get; private set; }
    /// <summary>Voxels without it.</summary>
    public long Negatives { get; private set; }

    /// <summary>Area under the curve, 0 to 1: 0.5 is no better than chance. NaN where all voxels have the property, or none.</summary>
    public double Area
    {
        get
        {
            double pairs = 0;
            long below = 0;
            for (int b = 0; b < Length; b++)
            {
                pairs += _with[b] * (below + _without[b] / 2.0);
                below += _without[b];
            }
            return pairs / ((double)Positives * Negatives);
        }
    }

    /// <summary>How far <see cref="Area"/> can be from that of the scores themselves; 0: it is exact.</summary>
    public double LargestError
    {
        get
        {
            double pairs = 0;
            for (int b = 0; b < Length; b++) if (_mixed[b]) pairs += (double)_with[b] * _without[b];
            return pairs / 2 / ((double)Positives * Negatives);
        }
    }

    /// <summary>Takes one case.</summary>
    /// <param name="score">Finite numbers, one channel.</param>
    /// <param name="property">On the same grid; voxels other than 0 have the property.</param>
    /// <param name="region">Only where this is not 0; null: everywhere.</param>
    /// <exception cref="GeometryMismatchException">The grids differ.</exception>
    /// <exception cref="ArgumentException">A volume of several channels, or a score that is not finite.</exception>
    public void Add(MLVolume score, MLVolume property, MLVolume? region = null)
    {
        ArgumentNullException.ThrowIfNull(score);
        ArgumentNullException.ThrowIfNull(property);
        score.RequireSameGrid(property, "The score", "the property");
        if (region is not null) score.RequireSameGrid(region, "The score", "the region");
        if (score.Channels != 1 || property.Channels != 1 || region is { Channels: not 1 }) throw new ArgumentException("Score, property and region have one channel.", nameof(score));
        if (score.FirstNotFinite() is { } strange) throw new ArgumentException($"The score holds the value {strange}; every voxel must be finite.", nameof(score));
        ReadOnlySpan<float> scores = score.Voxels, has = property.Voxels, inside = region is null ? default : region.Voxels;
        for (int i = 0; i < scores.Length; i++)
        {
            if (!inside.IsEmpty && inside[i] == 0) continue;
            int bin = BinOf(scores[i]);
            Note(bin, scores[i], _mixed[bin]);
            if (has[i] != 0)
            {
                _with[bin]++;
                Positives++;
            }
            else
            {
                _without[bin]++;
                Negatives++;
            }
        }
    }

    /// <summary>Takes the voxels of another curve over; it stays as it is.</summary>
    public void Merge(RocCurve other)
    {
        ArgumentNullException.ThrowIfNull(other);
        for (int b = 0; b < Length; b++)
        {
            if (other._with[b] + other._without[b] == 0) continue;
            Note(b, other._value[b], _mixed[b] || other._mixed[b]);
            _with[b] += other._with[b];
            _without[b] += other._without[b];
        }
        (Positives, Negatives) = (Positives + other.Positives, Negatives + other.Negatives);
    }

    /// <summary>Points from (0, 0) to (1, 1), each that of calling voxels positive from a threshold on; empty where all voxels have the property, or none.</summary>
    /// <param name="most">About how many at most: points that are closer to each other than a curve of this many are left out.</param>
    public IReadOnlyList<RocPoint> Points(int most = 200)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(most, 2);
        if (Positives == 0 || Negatives == 0) return [];
        var points = new List<RocPoint> { new(0, 0, double.PositiveInfinity) };
        long with = 0, without = 0;
        for (int b = Length - 1; b >= 0; b--)
        {
            if (_with[b] + _without[b] == 0) continue;
            with += _with[b];
            without += _without[b];
            var point = new RocPoint((double)without / Negatives, (double)with / Positives, _mixed[b] ? LowEnd(b) : _value[b]);
            bool last = with + without == Positives + Negatives;
            if (last || point.FalsePositiveRate - points[^1].FalsePositiveRate + (point.TruePositiveRate - points[^1].TruePositiveRate) >= 2.0 / most) points.Add(point);
        }
        return points;
    }

    void Note(int bin, float value, bool mixed)
    {
        if (_with[bin] + _without[bin] == 0) _value[bin] = value;
        else mixed |= _value[bin] != value;
        _mixed[bin] = mixed;
    }

    /// <summary>Bits of floats, ordered as numbers are.</summary>
    static int BinOf(float score)
    {
        int bits = BitConverter.SingleToInt32Bits(score + 0f); // -0 is 0
        return (int)((uint)(bits < 0 ? ~bits : bits | int.MinValue) >> DroppedBits);
    }

    static double LowEnd(int bin)
    {
        int bits = (int)((uint)bin << DroppedBits);
        return BitConverter.Int32BitsToSingle(bits < 0 ? bits & int.MaxValue : ~bits);
    }
}

/// <summary>One point of a <see cref="RocCurve"/>.</summary>
/// <param name="FalsePositiveRate">Part of the voxels without the property that score at least the threshold.</param>
/// <param name="TruePositiveRate">Part of the voxels with the property that do.</param>
/// <param name="Threshold">The score; +infinity at (0, 0).</param>
public sealed record RocPoint(double FalsePositiveRate, double TruePositiveRate, double Threshold);
