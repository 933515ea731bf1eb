namespace REHRSeg.Imaging;

/// <summary>
/// Every measure of how well one label of a prediction agrees with a reference, by <see cref="Metrics.Compare"/>, which finds the surfaces once.
/// A label that is absent from both volumes has NaN for every measure but <see cref="VolumeDifference"/>, which is 0.
/// </summary>
/// <param name="Dice">2|P∩R| / (|P|+|R|), 0 to 1; 0 if one is empty.</param>
/// <param name="Jaccard">|P∩R| / |P∪R|, 0 to 1; 0 if one is empty.</param>
/// <param name="HausdorffDistance">Largest surface distance, mm; +infinity if one is empty.</param>
/// <param name="HausdorffDistance95">95th percentile of the surface distances of both directions together, mm; +infinity if one is empty.</param>
/// <param name="AverageSurfaceDistance">Mean of the two directions' mean surface distances (ASSD), mm; +infinity if one is empty.</param>
/// <param name="SurfaceDice">Share of the surfaces within the tolerance of each other, 0 to 1; 0 if one is empty.</param>
/// <param name="VolumeDifference">Volume of the prediction minus that of the reference, mm³.</param>
/// <param name="RelativeVolumeDifference">That over the reference's volume, -1 upwards; +infinity if only the reference is empty.</param>
public sealed record LabelAgreement(
    double Dice, double Jaccard, double HausdorffDistance, double HausdorffDistance95, double AverageSurfaceDistance, double SurfaceDice, double VolumeDifference, double RelativeVolumeDifference);
