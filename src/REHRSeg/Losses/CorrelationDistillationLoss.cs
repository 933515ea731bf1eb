using static TorchSharp.torch;

namespace REHRSeg;

/// <summary>Over which nodes the affinity graphs of <see cref="CorrelationDistillationLoss"/> span.</summary>
internal enum CorrelationGraph
{
    /// <summary>All nodes of the volume, average-pooled 1 x 2 x 2 (METHOD.md 8 [R]).</summary>
    Volume,
    /// <summary>As published in code: per slice, max-pooled to 2 x 2 nodes, norms without gradient, divided by the slices once more.</summary>
    Published,
}

/// <summary>
/// Eqs. 8-9: mean squared difference of the cosine affinities between all pairs of N nodes, teacher against student, mean over N^2 and
/// the batch. The N x N affinities are never made: with unit columns F (teacher) and G (student),
/// <c>sum (F'F - G'G)^2 = |FF'|^2 + |GG'|^2 - 2 |FG'|^2</c> takes three C x C products (METHOD.md 13.3), exactly.
/// </summary>
internal static class CorrelationDistillationLoss
{
    /// <summary>The loss, a float32 scalar; no gradient reaches the teacher.</summary>
    /// <param name="student"><c>B x C2 x D x H x W</c>.</param>
    /// <param name="teacher"><c>B x C1 x D x H x W</c>; C1 may differ from C2.</param>
    /// <param name="graph">Nodes.</param>
    /// <exception cref="ArgumentException">Shapes disagree beyond the channels.</exception>
    public static Tensor Compute(Tensor student, Tensor teacher, CorrelationGraph graph = CorrelationGraph.Volume)
    {
        LossInput.RequireShape(teacher, [student.shape[0], teacher.shape[1], .. student.shape.AsSpan(2)], nameof(teacher));
        var (f, g) = graph == CorrelationGraph.Volume ? (Nodes(teacher.detach()), Nodes(student)) : (SliceNodes(teacher.detach()), SliceNodes(student));
        double nodes = g.shape[2];
        var loss = SquaredGram(f, f).detach().Plus(SquaredGram(g, g)) - SquaredGram(f, g).Times(2);
        loss = loss.mean().Over(nodes * nodes);
        return (graph == CorrelationGraph.Volume ? loss : loss.Over(student.shape[2])).to(float32);
    }

    /// <summary>Pools 1 x 2 x 2 and normalises each node: <c>B x C x N</c>.</summary>
    static Tensor Nodes(Tensor feature)
    {
        long height = Math.Min(2, feature.shape[3]), width = Math.Min(2, feature.shape[4]);
        var pooled = nn.functional.avg_pool3d(feature.to(float32), [1, height, width]).flatten(2);
        return pooled / pooled.Squared().sum(1, keepdim: true).Plus(1e-12).sqrt();
    }

    /// <summary>Max-pools each slice to about 2 x 2 and normalises each node: <c>BD x C x N</c>.</summary>
    static Tensor SliceNodes(Tensor feature)
    {
        var slices = feature.to(float32).transpose(1, 2).flatten(0, 1);
        long[] kernel = [Math.Max(1, slices.shape[2] / 2), Math.Max(1, slices.shape[3] / 2)];
        var pooled = nn.functional.max_pool2d(slices, kernel, kernel, ceil_mode: true).flatten(2);
        return pooled / pooled.detach().Squared().sum(1, keepdim: true).sqrt().Plus(1e-8);
    }

    /// <summary><c>|A B'|^2</c> per sample: products in float32, the sum in float64 for the subtraction to come.</summary>
    static Tensor SquaredGram(Tensor a, Tensor b) => a.bmm(b.transpose(1, 2)).to(float64).Squared().sum([1, 2]);
}
