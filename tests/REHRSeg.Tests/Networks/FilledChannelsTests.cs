using static TorchSharp.torch;

namespace REHRSeg.Tests;

/// <summary>Convolutions do not depend on what lies in memory behind their tensors.</summary>
public class FilledChannelsTests
{
    static readonly long[] s_sizes = [100, 1_000, 10_000, 100_000, 300_000];

    [Theory]
    [InlineData(16, 15, 5)]
    [InlineData(16, 3, 3)]
    [InlineData(16, 8, 3)]
    [InlineData(25, 32, 3)]
    [InlineData(25, 16, 3)]
    [InlineData(16, 25, 1)]
    [InlineData(24, 24, 3)]
    [InlineData(3, 8, 3)]
    public void Memory_full_of_nan_reaches_neither_output_nor_gradients(int inputs, int outputs, int side)
    {
        for (int i = 0; i < 8; i++)
        {
            using var scope = NewDisposeScope();
            manual_seed(i);
            Tensor x = randn([2, inputs, 8, 16, 16]), w = randn([outputs, inputs, 1, side, side]), b = randn([outputs]);
            foreach (var t in (Tensor[])[x, w, b]) t.requires_grad = true;
            Tensor Plain(Tensor input, Tensor weight, Tensor? bias) => nn.functional.conv3d(input, weight, bias, padding: [0, side / 2, side / 2]);
            Poison();
            var y = FilledChannels.Convolve(x, w, b, Plain);
            var direction = randn(y.shape);
            Poison();
            y.backward([direction]);
            Assert.Equal([2, outputs, 8, 16, 16], y.shape);
            foreach (var t in (Tensor[])[y, x.grad!, w.grad!, b.grad!]) Assert.True(t.isfinite().all().item<bool>());
            if (i > 0) continue;

            // In double precision, which oneDNN does not compute.
            Tensor X = x.detach().to(float64).requires_grad_(true), W = w.detach().to(float64).requires_grad_(true), B = b.detach().to(float64).requires_grad_(true);
            var reference = Plain(X, W, B);
            reference.backward([direction.to(float64)]);
            foreach (var (mine, exact) in new[] { (y, reference), (x.grad!, X.grad!), (w.grad!, W.grad!), (b.grad!, B.grad!) })
                Assert.True((mine.to(float64) - exact).abs().max().item<double>() < 1e-4 * exact.abs().max().item<double>());
        }
    }

    /// <summary>A first look from a thread that scores, without gradients, gives the same answer.</summary>
    [Fact]
    public void Machines_are_judged_wherever_the_first_convolution_is()
    {
        using var inference = inference_mode();
        using var scope = NewDisposeScope();
        Tensor x = randn([1, 25, 4, 12, 12]), w = randn([16, 25, 1, 3, 3]);
        var y = FilledChannels.Convolve(x, w, null, (i, k, _) => nn.functional.conv3d(i, k));
        Assert.True((y.to(float64) - nn.functional.conv3d(x.to(float64), w.to(float64))).abs().max().item<double>() < 1e-3);
    }

    /// <summary>The head of thin labels, whose gradients turned to NaN within 30 steps of every training on an AVX-512 machine.</summary>
    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void The_head_of_thin_labels_trains_beside_memory_full_of_nan(int classes)
    {
        for (int i = 0; i < 6; i++)
        {
            using var scope = NewDisposeScope();
            using var network = new SegmentationNetwork(new()
            {
                Classes = classes, Features = [8, 12, 24], Kernels = [new(1, 3, 3), new(3, 3, 3), new(3, 3, 3)], Strides = [new(1, 1, 1), new(1, 2, 2), new(2, 2, 2)], Factor = 4, HighResolutionWidth = 16,
            }, seed: i);
            var x = randn([2, 1, 8, 16, 16]);
            Poison();
            var output = network.forward(x, SegmentationOutputs.Lr | SegmentationOutputs.Hr);
            Poison();
            (output.Lr!.square().mean() + output.Hr!.square().mean()).backward();
            foreach (var (name, p) in network.named_parameters())
                Assert.True(p.grad is null || p.grad.isfinite().all().item<bool>(), name);
        }
    }

    static void Poison()
    {
        using var scope = NewDisposeScope();
        foreach (long size in s_sizes)
            for (int i = 0; i < 10; i++) full(size, float.NaN);
    }
}
