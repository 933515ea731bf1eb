using static TorchSharp.torch;

namespace REHRSeg;

/// <summary>
/// Intra-class feature variation distillation (Wang et al. 2020; METHOD.md 10 #6, the paper's Table 6): the mean feature of a sample's voxels of one class is its prototype, a voxel's
/// variation is its cosine with the prototype of its class, and the loss is the mean squared difference of the teacher's and the student's variation maps. Background is a class
/// like the others; classes that a sample lacks add nothing. Needs no adaptor: cosines do not care for the number of channels.
/// </summary>
internal static class IfvdDistillationLoss
{
    /// <summary>The loss, a float32 scalar in [0, 4]; no gradient reaches the teacher.</summary>
    /// <param name="student"><c>B x C2 x D x H x W</c>.</param>
    /// <param name="teacher"><c>B x C1 x D x H x W</c>; C1 may differ from C2.</param>
    /// <param name="label">Class indices <c>B x D' x H' x W'</c> int64; reduced to the features' grid by their nearest voxel.</param>
    /// <param name="classes">Classes K, background included.</param>
    /// <exception cref="ArgumentException">Shapes disagree beyond the channels, or the labels are of another type.</exception>
    public static Tensor Compute(Tensor student, Tensor teacher, Tensor label, long classes)
    {
        LossInput.RequireShape(teacher, [student.shape[0], teacher.shape[1], .. student.shape.AsSpan(2)], nameof(teacher));
        var reduced = DeepSupervisionLoss.Reduce(label, student.shape.AsSpan(2));
        LossInput.RequireLabels(reduced, student, nameof(label));
        var members = LossInput.OneHot(reduced, 0, classes).flatten(2); // B x K x N
        return nn.functional.mse_loss(Variation(student, members), Variation(teacher.detach(), members));
    }

    /// <summary>Cosine of each voxel with its prototype: <c>B x N</c>.</summary>
    static Tensor Variation(Tensor feature, Tensor members)
    {
        var voxels = feature.to(float32).flatten(2);                                                          // B x C x N
        var prototypes = voxels.bmm(members.transpose(1, 2)) / members.sum(2).AtLeast(1).unsqueeze(1);        // B x C x K
        return CosineSimilarity.Compute(voxels, prototypes.bmm(members), 1);
    }
}
