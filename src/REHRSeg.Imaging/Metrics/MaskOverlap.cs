namespace REHRSeg.Imaging;

/// <summary>Voxels of one label in a prediction, in a reference, and in both.</summary>
readonly record struct MaskOverlap(long Prediction, long Reference, long Both)
{
    internal static MaskOverlap Count(MLVolume prediction, MLVolume reference, float label)
    {
        Metrics.RequireComparable(prediction, reference);
        ReadOnlySpan<float> p = prediction.Voxels, r = reference.Voxels;
        long inP = 0, inR = 0, both = 0;
        for (int i = 0; i < p.Length; i++)
        {
            int a = p[i] == label ? 1 : 0, b = r[i] == label ? 1 : 0;
            (inP, inR, both) = (inP + a, inR + b, both + (a & b));
        }
        return new(inP, inR, both);
    }

    internal double Dice => Prediction + Reference == 0 ? double.NaN : 2.0 * Both / (Prediction + Reference);
    internal double Jaccard => Prediction + Reference == 0 ? double.NaN : (double)Both / (Prediction + Reference - Both);
    internal double RelativeDifference => Prediction + Reference == 0 ? double.NaN : Reference == 0 ? double.PositiveInfinity : (double)(Prediction - Reference) / Reference;
}
