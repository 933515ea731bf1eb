using REHRSeg.Imaging;

namespace REHRSeg;

/// <summary>An annotated thick-slice case in its file's orientation.</summary>
/// <param name="Id">Case identifier.</param>
/// <param name="Image">Image, <c>C x D x H x W</c>.</param>
/// <param name="Label">Label map on the same grid.</param>
public sealed record TrainingCase(string Id, MLVolume Image, MLVolume Label);
