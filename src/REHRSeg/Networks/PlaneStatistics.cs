using REHRSeg.Onnx;
using TorchSharp;

namespace REHRSeg;

/// <summary>
/// Averages over whole planes while the network sees one tile of them: each is measured on the tile's core, and <c>offset + share * measured</c> is used
/// (<see cref="ITiledWindowModel"/>). Holds the numbers of one run; averages are asked for in the order of the network.
/// </summary>
/// <param name="tileHeight">Rows of the tile.</param>
/// <param name="core">The part to measure.</param>
/// <param name="offsets"><c>B x S</c>.</param>
/// <param name="shares"><c>S</c>.</param>
internal sealed class PlaneStatistics(int tileHeight, PlaneRectangle core, torch.Tensor offsets, torch.Tensor shares) : IDisposable
{
    private readonly List<torch.Tensor> _measured = [];
    private long _at;

    /// <summary>S: image means, magnitudes of three slices, averages of all gates.</summary>
    public static int Count(SelfSrArchitecture architecture) => architecture.ImageChannels + 3 + FlavrBackbone.GateWidths * architecture.Width;

    /// <summary>The mean over slices, rows and columns of a map at any resolution: <c>B x C x D x H x W</c> to <c>B x C</c>, float32.</summary>
    public torch.Tensor Mean(torch.Tensor x) => Use(Core(x).mean([2, 3, 4], type: torch.ScalarType.Float32));

    /// <summary>The largest magnitude of a slice's image: <c>B x C x 1 x H x W</c> to <c>B x 1</c>.</summary>
    public torch.Tensor Magnitude(torch.Tensor slice) => Use(Core(slice).abs().amax([1, 2, 3, 4])[.., torch.TensorIndex.None]);

    /// <summary>All that was measured, <c>B x S</c>.</summary>
    public torch.Tensor Measured() => torch.cat(_measured, 1);

    public void Dispose()
    {
        foreach (var tensor in _measured)
        {
            tensor.Dispose();
        }
    }

    private torch.Tensor Core(torch.Tensor x)
    {
        long scale = tileHeight / x.shape[3];
        return x.narrow(3, core.Top / scale, core.Height / scale).narrow(4, core.Left / scale, core.Width / scale);
    }

    private torch.Tensor Use(torch.Tensor measured)
    {
        long count = measured.shape[1];
        var used = offsets.narrow(1, _at, count).Plus(shares.narrow(0, _at, count) * measured);
        _at += count;
        // Blocks of the network dispose what they make.
        _measured.Add(measured.DetachFromDisposeScope());
        return used;
    }
}
