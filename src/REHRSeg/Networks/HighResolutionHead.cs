using REHRSeg.Onnx;
using TorchSharp;

namespace REHRSeg;

/// <summary>
/// Upsampling along the slices by r, convolution 3x3x3, ReLU, convolution 5x5x5 (METHOD.md 6.4). The first convolution and the upsampling, both linear, change places
/// (METHOD.md 13.4 #2): its three slice taps are computed at low resolution as (1,3,3) convolutions, and one matrix interpolates and shifts them.
/// Same result, a quarter of the work, and the wide map is never upsampled. The second convolution is one of (1,5,5) to K x 5 channels, one for each slice tap, whose
/// results are shifted and added: CPU kernels compute output channels 16 at a time, so that K alone would waste most of their work.
/// </summary>
internal sealed class HighResolutionHead(LayerFactory layers, int features, int width, int classes, int factor, bool alignCorners)
{
    private const int Taps = 3, OutputTaps = 5;
    private readonly ConvolutionPrecision _precision = layers.Precision;
    private readonly Conv3dLayer _first = layers.Conv3d("sr_head.0", features, width, new(Taps, 3, 3));
    private readonly Conv3dLayer _second = layers.Conv3d("sr_head.2", width, classes, new(OutputTaps, 5, 5));

    /// <summary><c>B x F x D x H x W</c> to logits <c>B x K x rD x H x W</c>.</summary>
    public torch.Tensor Forward(torch.Tensor x)
    {
        using var scope = torch.NewDisposeScope();
        return Logits(Upsample(x)).MoveToOuterDisposeScope();
    }

    // B x F x D x H x W to B x w x rD x H x W after the ReLU. A scope of its own: what autograd does not need is gone before the second convolution.
    private torch.Tensor Upsample(torch.Tensor x)
    {
        using var scope = torch.NewDisposeScope();
        int depth = (int)x.shape[2];
        var kernels = _first.Weight.transpose(1, 2).reshape(width * Taps, features, 1, 3, 3);       // channel o * 3 + tap
        var taps = FilledChannels.Convolve(_precision.Cast(x), _precision.Cast(kernels), null, (i, w, _) => torch.nn.functional.conv3d(i, w, padding: [0, 1, 1]))
            .view(x.shape[0], width, Taps * depth, -1);                                              // B x w x 3D x HW
        var shift = _precision.Cast(torch.tensor(ShiftedInterpolation(depth, factor, alignCorners), [factor * depth, Taps * depth], device: x.device));
        var upsampled = torch.matmul(shift, taps).PlusInPlace(_precision.Cast(_first.Bias!).view(-1, 1, 1)).relu_();
        return upsampled.view(x.shape[0], width, factor * depth, x.shape[3], x.shape[4]).MoveToOuterDisposeScope();
    }

    // B x w x rD x H x W to B x K x rD x H x W, float32. Tap t of slice k lies in slice k + t - 2; negative padding crops.
    private torch.Tensor Logits(torch.Tensor x)
    {
        long depth = x.shape[2];
        var kernels = _second.Weight.transpose(1, 2).reshape(classes * OutputTaps, width, 1, 5, 5);  // channel o * 5 + tap
        var taps = FilledChannels.Convolve(x, _precision.Cast(kernels), null, (i, w, _) => torch.nn.functional.conv3d(i, w, padding: [0, 2, 2])).to_type(torch.ScalarType.Float32).unflatten(1, [classes, OutputTaps]).unbind(2);
        var sum = taps[OutputTaps / 2].Plus(_second.Bias!.view(-1, 1, 1, 1));
        for (int t = 0; t < OutputTaps; t++)
        {
            long shift = OutputTaps / 2 - t;
            if (shift != 0 && Math.Abs(shift) < depth)
            {
                sum = sum.Plus(torch.nn.functional.pad(taps[t], [0, 0, 0, 0, shift, -shift]));
            }
        }
        return sum;
    }

    /// <summary>
    /// Row k, column tap * D + d: weight of low-resolution slice d in upsampled slice k + tap - 1, which lies at (k + tap - 1 + 0.5) / r - 0.5, clamped to the
    /// patch, or at (k + tap - 1)(D - 1) / (rD - 1) with aligned corners. Zero where that slice is outside the patch, as the convolution's padding is.
    /// </summary>
    internal static float[] ShiftedInterpolation(int depth, int factor, bool alignCorners)
    {
        int rows = factor * depth, columns = Taps * depth;
        float[] matrix = new float[rows * columns];
        for (int row = 0; row < rows; row++)
        {
            for (int tap = 0; tap < Taps; tap++)
            {
                int k = row + tap - 1;
                if (k < 0 || k >= rows)
                {
                    continue;
                }
                double z = alignCorners ? k * (depth - 1.0) / (rows - 1) : Math.Clamp((k + 0.5) / factor - 0.5, 0, depth - 1);
                int lower = Math.Min((int)z, depth - 1), upper = Math.Min(lower + 1, depth - 1);
                var line = matrix.AsSpan(row * columns + tap * depth, depth);
                line[upper] = (float)(z - lower);
                line[lower] += (float)(1 - (z - lower));
            }
        }
        return matrix;
    }
}
