using System.Collections;
using REHRSeg.Imaging;
using REHRSeg.Onnx;

namespace REHRSeg;

/// <summary>
/// The training cases of nnU-Net* (METHOD.md 10.4): thick cases on their refined grid, image by cubic spline as at scoring. A case is interpolated when it is asked for and not
/// kept, so that one thin volume at a time is in memory beside the prepared ones. The slice axis comes first: the refined grid may be isotropic and no longer tell it.
/// </summary>
internal sealed class InterpolatedCases(IReadOnlyList<TrainingCase> thick, Func<VolumeGeometry, SliceAxis> axisOf, int factor, InterpolatedLabels mode) : IReadOnlyList<TrainingCase>
{
    public int Count => thick.Count;

    public TrainingCase this[int index]
    {
        get
        {
            var (id, image, label) = thick[index];
            var axis = axisOf(image.Geometry);
            (image, label) = (image.SwapAxes(axis, SliceAxis.Z), label.SwapAxes(axis, SliceAxis.Z));
            return new(id, Resampler.RefineImage(image, SliceAxis.Z, factor), mode switch
            {
                InterpolatedLabels.SignedDistance => LabelInterpolation.SignedDistance(label, SliceAxis.Z, factor),
                InterpolatedLabels.Nearest => LabelInterpolation.Nearest(label, SliceAxis.Z, factor),
                _ => LabelInterpolation.Morphological(label, SliceAxis.Z, factor),
            });
        }
    }

    public IEnumerator<TrainingCase> GetEnumerator() => Enumerable.Range(0, Count).Select(i => this[i]).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
