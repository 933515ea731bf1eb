using BenchmarkDotNet.Attributes;
using TorchSharp;
using static TorchSharp.torch;

namespace REHRSeg.Benchmarks;

/// <summary>Forward and backward of the HR head: as published (upsample, 3x3x3, ReLU, 5x5x5) against <see cref="HighResolutionHead"/>, which computes the same.</summary>
public class HighResolutionHeadBenchmarks
{
    readonly Holder _holder = new();
    readonly HighResolutionHead _head;
    readonly Tensor _feature;
    readonly long[] _size;

    /// <summary>Makes the head and its input.</summary>
    public HighResolutionHeadBenchmarks()
    {
        var (a, patch) = (BenchmarkCases.Segmenter, BenchmarkCases.Patch);
        using var layers = new LayerFactory(_holder, 1, new ConvolutionPrecision());
        _head = new(layers, a.Features[0], a.HighResolutionWidth, a.Classes, a.Factor, a.AlignCorners);
        _feature = randn([2, a.Features[0], patch.Depth, patch.Height, patch.Width]).requires_grad_();
        _size = [a.Factor * patch.Depth, patch.Height, patch.Width];
    }

    /// <summary>As published.</summary>
    [Benchmark(Baseline = true)]
    public void Direct()
    {
        using var scope = NewDisposeScope();
        Published(_feature, _holder.state_dict(), _size).square().sum().backward();
    }

    internal static Tensor Published(Tensor feature, IReadOnlyDictionary<string, Tensor> weights, long[] size)
    {
        var up = nn.functional.interpolate(feature, size, mode: InterpolationMode.Trilinear, align_corners: false);
        var y = nn.functional.conv3d(up, weights["sr_head.0.weight"], weights["sr_head.0.bias"], padding: [1, 1, 1]).relu();
        return nn.functional.conv3d(y, weights["sr_head.2.weight"], weights["sr_head.2.bias"], padding: [2, 2, 2]);
    }

    /// <summary>Slice taps as channels.</summary>
    [Benchmark]
    public void SliceTaps()
    {
        using var scope = NewDisposeScope();
        _head.Forward(_feature).square().sum().backward();
    }

    internal sealed class Holder() : nn.Module("holder");
}
