namespace REHRSeg.Imaging;

/// <summary>
/// The distances in mm between the surfaces of one label in two volumes, from which all boundary measures follow. A surface is the mask minus its 6-connected
/// erosion (voxels beyond the volume count as outside); each of its voxels has the distance between centres to the nearest voxel of the other surface. This is
/// MedPy's and MONAI's definition. Computed in double precision, within the box that holds both masks, which is exact.
/// </summary>
/// <remarks>
/// If the label is absent from both volumes every measure is NaN: there is nothing to compare. If it is absent from one, distances are +infinity and
/// <see cref="Dice"/> is 0.
/// </remarks>
public sealed class SurfaceDistances
{
    readonly double[] _prediction, _reference;
    readonly Lazy<double[]> _sorted;

    SurfaceDistances(double[] prediction, double[] reference)
    {
        (_prediction, _reference) = (prediction, reference);
        _sorted = new(() =>
        {
            double[] all = [.. prediction, .. reference];
            Array.Sort(all);
            return all;
        });
    }

    /// <summary>Measures one label.</summary>
    /// <param name="prediction">Label map of one channel.</param>
    /// <param name="reference">Label map on the same grid.</param>
    /// <param name="label">Label value.</param>
    /// <exception cref="GeometryMismatchException">The grids differ.</exception>
    /// <exception cref="ArgumentException">A volume has several channels.</exception>
    public static SurfaceDistances Between(MLVolume prediction, MLVolume reference, int label)
    {
        Metrics.RequireComparable(prediction, reference);
        if (MaskBox.Around(prediction, reference, label) is not { } box) return new([], []);
        bool[] p = box.Surface(prediction, label), r = box.Surface(reference, label);
        var spacing = reference.Geometry.Spacing.AsSpan();
        return new(Distances(p, r, box.Size, spacing), Distances(r, p, box.Size, spacing));
    }

    /// <summary>Distance of each surface voxel of the prediction to the reference's surface, in the order of the voxels (x fastest); +infinity if that is empty.</summary>
    public IReadOnlyList<double> FromPrediction => _prediction;
    /// <summary>Distance of each surface voxel of the reference to the prediction's surface.</summary>
    public IReadOnlyList<double> FromReference => _reference;

    /// <summary>The largest distance, of both directions.</summary>
    public double Hausdorff => Percentile(100);

    /// <summary>
    /// The mean of the two directions' mean distances (ASSD as MedPy defines it), so that the longer surface has no more weight than the shorter one.
    /// </summary>
    public double AverageSymmetric => IsOneEmpty ? double.PositiveInfinity : _prediction.Length == 0 ? double.NaN : (_prediction.Average() + _reference.Average()) / 2;

    /// <summary>A percentile of the distances of both directions together, linearly interpolated as numpy does.</summary>
    /// <param name="percent">0 to 100; 95 for HD95.</param>
    public double Percentile(double percent)
    {
        if (!(percent >= 0 && percent <= 100)) throw new ArgumentOutOfRangeException(nameof(percent), percent, "A percentile is 0 to 100.");
        if (IsOneEmpty) return double.PositiveInfinity;
        double[] sorted = _sorted.Value;
        if (sorted.Length == 0) return double.NaN;
        double position = percent / 100 * (sorted.Length - 1);
        int below = (int)position, above = Math.Min(below + 1, sorted.Length - 1);
        return sorted[below] + (position - below) * (sorted[above] - sorted[below]);
    }

    /// <summary>
    /// Surface Dice (Nikolov et al. 2018): the share of both surfaces' voxels that lie within a tolerance of the other surface, 0 to 1. Voxels are counted, as in
    /// MONAI; DeepMind's reference implementation weighs them by the area of a surface element.
    /// </summary>
    /// <param name="tolerance">Millimetres, at least 0.</param>
    public double Dice(double tolerance)
    {
        if (!(tolerance >= 0)) throw new ArgumentOutOfRangeException(nameof(tolerance), tolerance, "The tolerance is 0 mm or more.");
        int all = _prediction.Length + _reference.Length;
        return all == 0 ? double.NaN : (double)(_prediction.Count(d => d <= tolerance) + _reference.Count(d => d <= tolerance)) / all;
    }

    bool IsOneEmpty => _prediction.Length == 0 != (_reference.Length == 0);

    static double[] Distances(bool[] from, bool[] to, ReadOnlySpan<int> size, ReadOnlySpan<double> spacing)
    {
        double[] squared = DistanceTransform.Squared<double>(to, size, spacing);
        var distances = new double[from.AsSpan().Count(true)];
        for (int i = 0, n = 0; i < from.Length; i++) if (from[i]) distances[n++] = Math.Sqrt(squared[i]);
        return distances;
    }
}
