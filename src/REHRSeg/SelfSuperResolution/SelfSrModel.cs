using REHRSeg.Imaging;
using REHRSeg.Onnx;
using TorchSharp;

namespace REHRSeg;

/// <summary>A trained self-SR network with what is needed to apply it. Thread-safe for application.</summary>
public sealed class SelfSrModel : IDisposable
{
    /// <summary>Windows of the teacher that are computed at once, in voxels of one slice.</summary>
    const int TeacherVoxels = 1 << 16;

    readonly SelfSrNetwork _network;
    readonly torch.Device _device;
    readonly TorchWindowModel _window;
    bool _disposed;

    /// <summary>Takes over a network that lies on <paramref name="device"/>.</summary>
    internal SelfSrModel(SelfSrNetwork network, SelfSrModelInfo info, torch.Device device)
    {
        (_network, Info, _device, _window) = (network, info, device, new(network, device));
        network.BFloat16 = false;
        network.eval();
        foreach (var parameter in network.parameters()) parameter.requires_grad = false;
    }

    /// <summary>Factor, labels, ranges.</summary>
    public SelfSrModelInfo Info { get; }

    internal SelfSrArchitecture Architecture => _network.Architecture;

    /// <summary>The network as the volume loop sees it.</summary>
    internal TorchWindowModel Window => _window;

    /// <summary>Thin image, label and uncertainty of an annotated thick case: exactly r*D slices. Uncertainty is 1 everywhere with the base head.</summary>
    /// <param name="image">Thick image of the model's channels.</param>
    /// <param name="label">Its label map; null: all background.</param>
    /// <param name="axis">Slice axis; null: the axis of largest spacing, else the training's.</param>
    /// <param name="mirroring">Average over the 8 mirror images of each window; null: as the model was trained to.</param>
    /// <param name="consistency">What is made to agree with the thick slices; null: as the model was trained to.</param>
    /// <param name="progress">Receives the finished part, 0 to 1.</param>
    /// <param name="cancellationToken">Stops between windows.</param>
    /// <exception cref="GeometryMismatchException">Image and label are on different grids.</exception>
    /// <exception cref="ArgumentException">Wrong channel count, unknown label values, or NaN or infinity in the image.</exception>
    public SuperResolutionResult Apply(MLVolume image, MLVolume? label, SliceAxis? axis = null, bool? mirroring = null, SliceConsistency? consistency = null, IProgress<double>? progress = null, CancellationToken cancellationToken = default) =>
        Apply(image, label, new() { Axis = axis, Ensemble = SuperResolutionRequest.Mirrored(mirroring), Consistency = consistency, Progress = progress }, cancellationToken);

    /// <summary>The same with all that can be chosen.</summary>
    /// <param name="image">Thick image of the model's channels.</param>
    /// <param name="label">Its label map; null: all background.</param>
    /// <param name="request">Axis, ensemble, consistency, tiles.</param>
    /// <param name="cancellationToken">Stops between windows and tiles.</param>
    /// <exception cref="GeometryMismatchException">Image and label are on different grids.</exception>
    /// <exception cref="ArgumentException">Wrong channel count, unknown label values, NaN or infinity in the image, or a value of the request out of its range.</exception>
    public SuperResolutionResult Apply(MLVolume image, MLVolume? label, SuperResolutionRequest request, CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return VolumeSuperResolver.Apply(image, label, _window, Info, request, cancellationToken);
    }

    /// <summary>Writes architecture, info and weights (safetensors).</summary>
    public void Save(Stream stream)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        using var scope = torch.NewDisposeScope();
        SafeTensors.Write(stream, ModuleTensors.Of(_network), new SortedDictionary<string, string>(Info.ToMetadata().ToDictionary(), StringComparer.Ordinal) { [ArchitectureMetadata.Key] = ArchitectureMetadata.Write(Architecture) });
    }

    /// <summary>Reads what <see cref="Save"/> wrote.</summary>
    /// <param name="stream">The model.</param>
    /// <param name="gpuDeviceId">GPU to use; null: the CPU.</param>
    /// <param name="fallbackToCpu">Use the CPU where the GPU cannot be had.</param>
    /// <exception cref="ModelFormatException">Damaged, not a self-SR model, or of a later version.</exception>
    public static SelfSrModel Load(Stream stream, int? gpuDeviceId = null, bool fallbackToCpu = true)
    {
        const string Source = "The self-SR model";
        TorchRuntime.EnsureLoaded();
        var content = SafeTensors.Open(stream, Source);
        var info = SelfSrModelInfo.FromMetadata(content.Metadata, Source);
        var architecture = ArchitectureMetadata.Read<SelfSrArchitecture>(content.Metadata, info, Source, a => a is { Width: > 0 and <= 1024, Branches: > 0 and <= 1024 });
        var device = ComputeDevice.Select(gpuDeviceId, fallbackToCpu, null);
        var network = new SelfSrNetwork(architecture);
        return new(ModuleTensors.LoadOnto(device, network, content, Source), info, device);
    }

    /// <summary>
    /// Knowledge-distillation feature for a batch of thick patches (METHOD.md section 8 [R]): image in [0,1] and foreground channels,
    /// <c>B x (C+L) x D x H x W</c> to <c>B x F x D x H/2 x W/2</c>, to which maps of other sides are resized bilinearly; the feature of slice k is that of the second
    /// slice in window k-1 .. k+2, slices outside as in application (<see cref="SelfSrModelInfo.EdgeSlices"/>), no gradient.
    /// </summary>
    internal torch.Tensor TeacherFeature(torch.Tensor thick, TeacherLayer layer = TeacherLayer.Layer1)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        long[] shape = thick.shape;
        if (shape.Length != 5 || shape[1] != Architecture.ImageChannels + Architecture.LabelChannels || shape[3] % 2 != 0 || shape[4] % 2 != 0)
            throw new ArgumentException($"The teacher takes B x {Architecture.ImageChannels + Architecture.LabelChannels} x D x H x W with even H and W, not [{string.Join(", ", shape)}].", nameof(thick));
        var (count, channels, depth, height, width) = (shape[0], shape[1], shape[2], shape[3], shape[4]);
        using var scope = torch.NewDisposeScope();
        using var noGrad = torch.no_grad();
        var input = thick.to(_device).to(torch.float32);
        if (height % 8 != 0 || width % 8 != 0) input = torch.nn.functional.pad(input, [0, (8 - width % 8) % 8, 0, (8 - height % 8) % 8]);
        var (first, last) = (input.narrow(2, 0, 1), input.narrow(2, depth - 1, 1));
        if (Info.EdgeSlices == EdgeSlices.Zero) (first, last) = (torch.zeros_like(first), torch.zeros_like(last));
        var windows = torch.cat([first, input, last, last], 2).unfold(2, ThickSlicePatchSampler.WindowSlices, 1)
            .permute(0, 2, 1, 5, 3, 4).reshape(count * depth, channels, ThickSlicePatchSampler.WindowSlices, input.shape[3], input.shape[4]);
        var features = new List<torch.Tensor>();
        long chunk = Math.Max(2, TeacherVoxels / (height * width)), total = count * depth;
        for (long i = 0, taken; i < total; i += taken)
        {
            taken = total - i == chunk + 1 ? chunk + 1 : Math.Min(chunk, total - i); // never one alone at the end: CPU convolutions are slow on a single sample
            features.Add(_network.Feature(windows.narrow(0, i, taken), layer).select(2, 1));
        }
        var feature = torch.cat(features, 0);
        long[] half = [input.shape[3] / 2, input.shape[4] / 2];
        if (!feature.shape.AsSpan(2).SequenceEqual(half)) feature = torch.nn.functional.interpolate(feature, half, mode: torch.InterpolationMode.Bilinear, align_corners: false);
        feature = feature.narrow(2, 0, height / 2).narrow(3, 0, width / 2);
        return feature.reshape(count, depth, -1, height / 2, width / 2).permute(0, 2, 1, 3, 4).contiguous().MoveToOuterDisposeScope();
    }

    /// <summary>Writes <c>selfsr.onnx</c>.</summary>
    public void ExportOnnx(Stream stream)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        SelfSrOnnxExporter.Export(stream, Architecture, NetworkWeights.Export(_network), Info);
    }

    /// <summary>Writes the weights alone, as safetensors under the published names; <see cref="SelfSrOptions.PretrainedWeights"/> reads them.</summary>
    public void SaveWeights(Stream stream)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        using var scope = torch.NewDisposeScope();
        SafeTensors.Write(stream, ModuleTensors.Of(_network), new Dictionary<string, string> { [FlavrStateDict.KindKey] = FlavrStateDict.SelfSr });
    }

    /// <summary>Releases the network.</summary>
    public void Dispose()
    {
        if (_disposed) return;
        _disposed = true;
        _network.Dispose();
    }
}
