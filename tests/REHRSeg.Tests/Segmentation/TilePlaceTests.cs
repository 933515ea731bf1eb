using REHRSeg.Onnx;
using TorchSharp;
using Xunit.Abstractions;
using static TorchSharp.torch;

namespace REHRSeg.Tests;

/// <summary>A tile's place does not change HR values: the head on features that are functions of one voxel, whole volumes against tiles.</summary>
public sealed class TilePlaceTests(ITestOutputHelper output)
{
    static readonly PatchShape s_shape = new(24, 30, 28);

    static float[] Voxels()
    {
        var random = new Random(5);
        return [.. Enumerable.Range(0, s_shape.Voxels).Select(i => (float)(2 * Math.Sin(0.7 * (i / 840)) + Math.Cos(0.5 * (i % 28)) + random.NextDouble()))];
    }

    static SegmentationModelInfo Info(PatchShape patch, int factor) => new()
    {
        Factor = factor, Patch = patch, Divisor = new(1, 1, 1), TargetSpacing = [4, 1, 1], Labels = [new(0, "background"), new(1, "a"), new(2, "b")],
    };

    [Theory]
    [InlineData(4, 8, 16)]
    [InlineData(4, 6, 20)]
    [InlineData(3, 7, 16)]
    [InlineData(2, 9, 28)]
    public void TilesEqualTheWholeVolume(int factor, int depth, int side)
    {
        using var model = new HeadModel(factor);
        float[] voxels = Voxels(), whole = Hr(s_shape, true);
        double with = Worst(Hr(new(depth, side, side), true)), without = Worst(Hr(new(depth, side, side), false));
        output.WriteLine(FormattableString.Invariant($"factor {factor}, patch {depth} x {side} x {side}: largest difference {with:e2} with the margin, {without:e2} without"));
        Assert.InRange(with, 0, 1e-5);
        Assert.InRange(without, 1e-5, 1);

        double Worst(float[] tiles) => tiles.Zip(whole, (a, b) => (double)Math.Abs(a - b)).Max();

        float[] Hr(PatchShape patch, bool margin) =>
            [.. new SlidingWindow(voxels, s_shape, model, Info(patch, factor), new(false, true, false, 4), margin).Run().SelectMany(s => s.Hr!)];
    }

    /// <summary>Five features, each a function of one voxel, and a high-resolution head with random weights.</summary>
    sealed class HeadModel : IPatchModel
    {
        readonly Holder _holder = new();
        readonly HighResolutionHead _head;
        readonly int _factor;

        public HeadModel(int factor)
        {
            using var layers = new LayerFactory(_holder, 3, new ConvolutionPrecision());
            (_factor, _head) = (factor, new(layers, 5, 8, 3, factor, alignCorners: false));
        }

        public void Run(ReadOnlyMemory<float> patches, int batch, PatchShape shape, Memory<float> lr, Memory<float> hr, CancellationToken cancellationToken)
        {
            using var inference = inference_mode();
            using var scope = NewDisposeScope();
            var x = tensor(patches.Span[..(batch * shape.Voxels)].ToArray(), [batch, 1, shape.Depth, shape.Height, shape.Width]);
            var features = cat([.. Enumerable.Range(1, 5).Select(f => x.Times(f).Plus(0.3 * f).tanh())], 1);
            var p = nn.functional.softmax(_head.Forward(features).Times(4), 1).contiguous();
            Assert.Equal(_factor * shape.Depth, p.shape[2]);
            p.data<float>().ToArray().CopyTo(hr);
        }

        public void Dispose() => _holder.Dispose();

        sealed class Holder() : nn.Module("holder");
    }
}
