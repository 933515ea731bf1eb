using static TorchSharp.torch;

namespace REHRSeg;

/// <summary>MIMIC (Li et al. 2017; METHOD.md 10 #5, the paper's Table 6): adapted student against teacher features, voxel by voxel and channel by channel.</summary>
internal static class MimicDistillationLoss
{
    /// <summary>The mean over all elements, a float32 scalar; no gradient reaches the teacher.</summary>
    /// <param name="adapted">The student's feature after <see cref="FeatureAdaptor"/>, <c>B x C x D x H x W</c>.</param>
    /// <param name="teacher">Of the same shape.</param>
    /// <param name="smoothL1">False: <c>d^2</c>. True: <c>d^2 / 2</c> where |d| is below 1, else <c>|d| - 1/2</c>.</param>
    /// <exception cref="ArgumentException">Shapes disagree.</exception>
    public static Tensor Compute(Tensor adapted, Tensor teacher, bool smoothL1 = false)
    {
        LossInput.RequireShape(teacher, adapted.shape, nameof(teacher));
        var (student, target) = (adapted.to(float32), teacher.detach().to(float32));
        return smoothL1 ? nn.functional.smooth_l1_loss(student, target) : nn.functional.mse_loss(student, target);
    }
}
