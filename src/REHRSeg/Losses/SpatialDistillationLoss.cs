using static TorchSharp.torch;

namespace REHRSeg;

/// <summary>Between which vectors the cosines of <see cref="SpatialDistillationLoss"/> are.</summary>
internal enum CosineForm
{
    /// <summary>The feature vectors of each voxel (eq. 10; METHOD.md 8 [R]).</summary>
    PerVoxel,
    /// <summary>As published in code: features are normalised at each voxel, then the cosine is over the voxels of each channel.</summary>
    PublishedPerChannel,
}

/// <summary>Eq. 10: one minus the cosine between adapted student and teacher features, mean over all voxels (or channels) and the batch (METHOD.md section 8).</summary>
internal static class SpatialDistillationLoss
{
    /// <summary>The loss, a float32 scalar in [0, 2]; no gradient reaches the teacher.</summary>
    /// <param name="adapted">The student's feature after <see cref="FeatureAdaptor"/>, <c>B x C x D x H x W</c>.</param>
    /// <param name="teacher">Of the same shape.</param>
    /// <param name="form">Vectors.</param>
    /// <exception cref="ArgumentException">Shapes disagree.</exception>
    public static Tensor Compute(Tensor adapted, Tensor teacher, CosineForm form = CosineForm.PerVoxel)
    {
        LossInput.RequireShape(teacher, adapted.shape, nameof(teacher));
        var (student, target) = (adapted.to(float32), teacher.detach().to(float32));
        var cosine = form == CosineForm.PerVoxel ? CosineSimilarity.Compute(student, target, 1) : CosineSimilarity.Compute(UnitVoxels(student), UnitVoxels(target), 2);
        return cosine.mean().OneMinus();
    }

    static Tensor UnitVoxels(Tensor feature) => CosineSimilarity.Normalise(feature.flatten(2), 1);
}
