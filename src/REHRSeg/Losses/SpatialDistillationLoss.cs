using static TorchSharp.torch;

namespace REHRSeg;

/// <summary>Eq. 10: one minus the cosine between adapted student and teacher feature vectors, mean over all voxels (METHOD.md 8 [R]).</summary>
internal static class SpatialDistillationLoss
{
    /// <summary>The loss, a float32 scalar in [0, 2]; no gradient reaches the teacher.</summary>
    /// <param name="adapted">The student's feature after <see cref="FeatureAdaptor"/>, <c>B x C x D x H x W</c>.</param>
    /// <param name="teacher">Of the same shape.</param>
    /// <exception cref="ArgumentException">Shapes disagree.</exception>
    public static Tensor Compute(Tensor adapted, Tensor teacher)
    {
        LossInput.RequireShape(teacher, adapted.shape, nameof(teacher));
        var (student, target) = (adapted.to(float32), teacher.detach().to(float32));
        var norms = (student.Squared().sum(1).Plus(1e-12) * target.Squared().sum(1).Plus(1e-12)).sqrt();
        return ((student * target).sum(1) / norms).mean().OneMinus();
    }
}
