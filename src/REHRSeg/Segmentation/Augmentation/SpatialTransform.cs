namespace REHRSeg;

/// <summary>
/// Random rotation and scaling, each with its own probability (METHOD.md section 7, step 1). In-plane mode ("dummy 2-D"): one rotation U(-180, 180)
/// degrees for all slices, or 15 degrees either way for oblong single slices (nnU-Net 2-D); else U(-30, 30) degrees about each axis. Scale: half the time U(0.7, 1), else U(1, 1.4), one factor for all moving axes.
/// </summary>
internal sealed record SpatialTransform(double RotationProbability, double ScalingProbability, bool InPlane)
{
    /// <summary>Largest in-plane rotation, rad.</summary>
    public double InPlaneLimit { get; init; } = Math.PI;

    /// <summary>Draws a map; most often the identity.</summary>
    public SpatialMap Draw(SeededRandom random)
    {
        bool rotate = random.NextDouble() < RotationProbability, rescale = random.NextDouble() < ScalingProbability;
        if (!rotate && !rescale) return SpatialMap.Identity;
        double limit = rotate ? (InPlane ? InPlaneLimit : Math.PI / 6) : 0;
        double scale = rescale ? HalfAndHalf(random, 0.7, 1.4) : 1;
        double Angle() => (2 * random.NextDouble() - 1) * limit;
        return InPlane ? SpatialMap.OfPlane(Angle(), scale) : SpatialMap.OfVolume(Angle(), Angle(), Angle(), scale);
    }

    /// <summary>Half the time U(low, 1), else U(1, high).</summary>
    internal static double HalfAndHalf(SeededRandom random, double low, double high)
        => random.NextDouble() < 0.5 ? low + (1 - low) * random.NextDouble() : 1 + (high - 1) * random.NextDouble();
}
