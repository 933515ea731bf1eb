using System.Runtime.InteropServices;
using REHRSeg.Onnx;
using TorchSharp;

namespace REHRSeg;

/// <summary>A self-SR network in Torch as the volume loop sees it. Does not own the network; runs need no lock.</summary>
internal sealed class TorchWindowModel(SelfSrNetwork network, torch.Device device) : ITiledWindowModel
{
    /// <inheritdoc/>
    public int Statistics { get; } = PlaneStatistics.Count(network.Architecture);

    /// <inheritdoc/>
    public void Run(ReadOnlyMemory<float> windows, int batch, int height, int width, Memory<float> image, Memory<float> labelLogits, Memory<float> uncertainty, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Require(windows.Length, batch, height, width, image.Length, labelLogits.Length, uncertainty.Length);
        using var scope = torch.NewDisposeScope();
        using var mode = torch.inference_mode();
        Copy(network.forward(Tensor(windows, batch, network.Architecture.ImageChannels + network.Architecture.LabelChannels, ThickSlicePatchSampler.WindowSlices, height, width)), image, labelLogits, uncertainty);
    }

    /// <inheritdoc/>
    public void RunTile(ReadOnlyMemory<float> tiles, int batch, int height, int width, in TileStatistics statistics, Memory<float> image, Memory<float> labelLogits, Memory<float> uncertainty, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var a = network.Architecture;
        bool outputs = !image.IsEmpty;
        int block = batch * a.Factor * height * width;
        Require(tiles.Length, batch, height, width, outputs ? image.Length : block * a.ImageChannels, outputs ? labelLogits.Length : block * a.LabelChannels, outputs ? uncertainty.Length : block);
        using var scope = torch.NewDisposeScope();
        using var mode = torch.inference_mode();
        var windows = Tensor(tiles, batch, a.ImageChannels + a.LabelChannels, ThickSlicePatchSampler.WindowSlices, height, width);
        using var plane = new PlaneStatistics(height, statistics.Core, Tensor(statistics.Offsets, batch, Statistics), Tensor(statistics.Shares, Statistics));
        if (outputs) Copy(network.Forward(windows, plane), image, labelLogits, uncertainty);
        else network.Measure(windows, plane);
        CopyTo(plane.Measured(), statistics.Measured.Span);
    }

    void Require(int windows, int batch, int height, int width, int image, int labels, int uncertainty)
    {
        var a = network.Architecture;
        int channels = a.ImageChannels + a.LabelChannels, block = batch * a.Factor * height * width;
        if (windows != batch * channels * ThickSlicePatchSampler.WindowSlices * height * width || image != block * a.ImageChannels || labels != block * a.LabelChannels || uncertainty != block)
            throw new ArgumentException($"Buffers of {windows}, {image}, {labels} and {uncertainty} values do not fit {batch} windows of {channels} x 4 x {height} x {width}.", nameof(windows));
    }

    torch.Tensor Tensor(ReadOnlyMemory<float> values, params long[] shape)
    {
        var tensor = torch.empty(shape, torch.float32);
        values.Span.CopyTo(MemoryMarshal.Cast<byte, float>(tensor.bytes));
        return tensor.to(device);
    }

    static void Copy(SelfSrOutput output, Memory<float> image, Memory<float> labelLogits, Memory<float> uncertainty)
    {
        CopyTo(output.Image, image.Span);
        CopyTo(output.LabelLogits, labelLogits.Span);
        if (output.Uncertainty is { } u) CopyTo(u, uncertainty.Span);
        else uncertainty.Span.Fill(1);
    }

    static void CopyTo(torch.Tensor tensor, Span<float> target) =>
        MemoryMarshal.Cast<byte, float>(tensor.to(torch.float32).cpu().contiguous().bytes).CopyTo(target);

    /// <summary>Does nothing: the network belongs to the model.</summary>
    public void Dispose() { }
}
