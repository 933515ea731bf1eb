using static TorchSharp.torch;

namespace REHRSeg;

/// <summary>What eq. 11 multiplies by lambda, for each <see cref="DistillationKind"/>.</summary>
internal static class DistillationLoss
{
    /// <summary>True: the kind compares adapted student features with the teacher's, so that it needs a <see cref="FeatureAdaptor"/>.</summary>
    public static bool Adapts(this DistillationKind kind) => kind is not (DistillationKind.CorrelationOnly or DistillationKind.Ifvd);

    /// <summary>The weighted terms, a float32 scalar; they go to <paramref name="metrics"/> as <c>corr</c>, <c>spatial</c>, <c>mimic</c>, <c>ifvd</c>.</summary>
    /// <param name="student">F^seg, <c>B x C2 x D x H x W</c>.</param>
    /// <param name="teacher">F^sr, <c>B x C1 x D' x H' x W'</c>, resized trilinearly to the student's grid; no gradient reaches it.</param>
    /// <param name="label">Thick labels of IFVD, int64, <c>B</c> x the patch.</param>
    /// <param name="classes">Classes of the labels.</param>
    /// <param name="adaptor">h; null for the kinds without.</param>
    /// <param name="options">Kind and weights; <see cref="RehrSegLossOptions.Distils"/>.</param>
    /// <param name="metrics">Receives detached scalars.</param>
    /// <exception cref="ArgumentException">The adaptor is missing, or shapes disagree.</exception>
    public static Tensor Compute(Tensor student, Tensor teacher, Tensor label, long classes, FeatureAdaptor? adaptor, RehrSegLossOptions options, IDictionary<string, Tensor>? metrics)
    {
        var (f, g) = (Resize(teacher.detach().to(float32), student.shape.AsSpan(2)), student.to(float32));
        bool published = options.Distillation == DistillationKind.Published;
        List<Tensor> terms = [];
        switch (options.Distillation)
        {
            case DistillationKind.Mimic or DistillationKind.MimicSmoothL1:
                Add("mimic", MimicDistillationLoss.Compute(Adapted(), f, options.Distillation == DistillationKind.MimicSmoothL1), 1);
                break;
            case DistillationKind.Ifvd:
                Add("ifvd", IfvdDistillationLoss.Compute(g, f, label, classes), 1);
                break;
            default:
                if (options.Correlation) Add("corr", CorrelationDistillationLoss.Compute(g, f, published ? CorrelationGraph.Published : CorrelationGraph.Volume), options.CorrelationWeight);
                if (options.Spatial) Add("spatial", SpatialDistillationLoss.Compute(Adapted(), f, published ? CosineForm.PublishedPerChannel : CosineForm.PerVoxel), options.SpatialWeight);
                break;
        }
        return terms.Aggregate((sum, term) => sum.Plus(term));

        Tensor Adapted() => (adaptor ?? throw new ArgumentException($"Distillation by {options.Distillation} needs an adaptor.", nameof(adaptor))).forward(g);

        void Add(string name, Tensor term, double weight)
        {
            metrics?.TryAdd(name, term.detach());
            terms.Add(term.Times(weight));
        }
    }

    /// <summary>Trilinear with half-pixel centres, where the grids differ.</summary>
    internal static Tensor Resize(Tensor feature, ReadOnlySpan<long> size) =>
        feature.shape.AsSpan(2).SequenceEqual(size) ? feature : nn.functional.interpolate(feature, size.ToArray(), mode: InterpolationMode.Trilinear, align_corners: false);
}
