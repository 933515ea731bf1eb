using BenchmarkDotNet.Attributes;
using TorchSharp;
using static TorchSharp.torch;

namespace REHRSeg.Benchmarks;

/// <summary>Forward and backward of eq. 9 over all pairs of 2 x 1200 nodes: every affinity against <see cref="CorrelationDistillationLoss"/>, which computes the same.</summary>
public class DistillationBenchmarks
{
    readonly Tensor _student = randn([2, 32, 12, 20, 20]).requires_grad_(), _teacher = randn([2, 32, 12, 20, 20]);

    /// <summary>N x N affinities.</summary>
    [Benchmark(Baseline = true)]
    public void AllPairs()
    {
        using var scope = NewDisposeScope();
        Tensor f = Nodes(_teacher), g = Nodes(_student);
        (f.transpose(1, 2).bmm(f) - g.transpose(1, 2).bmm(g)).square().mean().backward();

        static Tensor Nodes(Tensor x)
        {
            var pooled = nn.functional.avg_pool3d(x, [1, 2, 2]).flatten(2);
            return pooled / pooled.norm(1, keepdim: true);
        }
    }

    /// <summary>C x C Gram matrices.</summary>
    [Benchmark]
    public void Gram()
    {
        using var scope = NewDisposeScope();
        CorrelationDistillationLoss.Compute(_student, _teacher).backward();
    }
}
