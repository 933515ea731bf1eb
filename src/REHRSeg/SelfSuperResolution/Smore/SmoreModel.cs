using System.Runtime.InteropServices;
using REHRSeg.Imaging;
using REHRSeg.Onnx;
using TorchSharp;

namespace REHRSeg;

/// <summary>A trained SMORE network with what is needed to apply it (METHOD.md 10.1). Thread-safe for application.</summary>
public sealed class SmoreModel : IDisposable
{
    const string Kind = "smore";

    readonly WdsrNetwork _network;
    readonly torch.Device _device;
    bool _disposed;

    /// <summary>Takes over a network that lies on <paramref name="device"/>.</summary>
    internal SmoreModel(WdsrNetwork network, SelfSrModelInfo info, torch.Device device)
    {
        (_network, Info, _device) = (network, info, device);
        network.BFloat16 = false;
        network.eval();
        foreach (var parameter in network.parameters()) parameter.requires_grad = false;
    }

    /// <summary>Factor, labels, ranges.</summary>
    public SelfSrModelInfo Info { get; }

    internal WdsrArchitecture Architecture => _network.Architecture;

    /// <summary>
    /// Thin image and label of an annotated thick case, exactly r*D slices: the network over every plane along x and every plane along y, image and label logits averaged.
    /// The uncertainty is 1 everywhere.
    /// </summary>
    /// <param name="image">Thick image of the model's channels.</param>
    /// <param name="label">Its label map.</param>
    /// <param name="axis">Slice axis; null: the axis of largest spacing, else the training's.</param>
    /// <param name="mirroring">Average over the 4 mirror images of each plane; null: as the model was trained to.</param>
    /// <param name="consistency">What is made to agree with the thick slices; null: as the model was trained to.</param>
    /// <param name="progress">Receives the finished part, 0 to 1.</param>
    /// <param name="cancellationToken">Stops between planes.</param>
    /// <exception cref="GeometryMismatchException">Image and label are on different grids.</exception>
    /// <exception cref="ArgumentException">Wrong channel count, unknown label values, or NaN or infinity in the image.</exception>
    public SuperResolutionResult Apply(MLVolume image, MLVolume label, SliceAxis? axis = null, bool? mirroring = null, SliceConsistency? consistency = null, IProgress<double>? progress = null, CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        VolumeSuperResolver.Check(image, label, Info);
        var along = axis ?? image.Geometry.DetectSliceAxis() ?? Info.DefaultSliceAxis;
        var thick = image.SwapAxes(along, SliceAxis.Z);
        var ranges = Enumerable.Range(0, thick.Channels).Select(c => IntensityRange.Measure(thick.Channel(c), Info.RobustRange)).ToArray();
        var thin = Run(thick, label.SwapAxes(along, SliceAxis.Z), ranges, Info.With(SuperResolutionRequest.Mirrored(mirroring), consistency), progress, cancellationToken);
        return new(thin.Image.SwapAxes(along, SliceAxis.Z), thin.Label.SwapAxes(along, SliceAxis.Z), thin.Uncertainty.SwapAxes(along, SliceAxis.Z));
    }

    /// <summary>The same for a volume with slice axis D, intensities in [0,1] and class indices in place of label values.</summary>
    internal SuperResolutionResult Refine(MLVolume image, MLVolume classes, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return Run(image, classes, [.. Enumerable.Repeat(new IntensityRange(0, 1), image.Channels)], Info with { Labels = [.. Info.Labels.Select((l, k) => l with { Value = k })] }, null, cancellationToken);
    }

    SuperResolutionResult Run(MLVolume image, MLVolume label, IntensityRange[] ranges, SelfSrModelInfo info, IProgress<double>? progress, CancellationToken cancellationToken)
    {
        using var scope = torch.NewDisposeScope();
        using var mode = torch.inference_mode();
        var thin = SmorePlanes.Run(_network, _device, Stack(image, label, ranges, info), info.Ensemble != WindowEnsemble.None, progress, cancellationToken);
        var result = new ThinStack(image, label, ranges, info);
        float[] certain = new float[info.Factor * image.Height * image.Width];
        Array.Fill(certain, 1f);
        for (int z = 0; z < image.Depth; z++)
        {
            using var slices = thin.narrow(1, z * info.Factor, info.Factor).contiguous();
            var values = MemoryMarshal.Cast<byte, float>(slices.bytes);
            int images = info.ImageChannels * certain.Length;
            if (!info.LearntLabels) values[images..].Fill(-1);
            result.Store(z, image.Height, image.Width, values[..images], values[images..], certain);
        }
        return result.ToResult(SliceAxis.Z);
    }

    /// <summary><c>(C+L) x D x H x W</c>: image in [0,1], then one 0/1 channel per foreground class.</summary>
    static torch.Tensor Stack(MLVolume image, MLVolume label, IntensityRange[] ranges, SelfSrModelInfo info)
    {
        var stack = torch.empty([info.ImageChannels + info.LabelChannels, image.Depth, image.Height, image.Width], torch.ScalarType.Float32);
        var values = MemoryMarshal.Cast<byte, float>(stack.bytes);
        int voxels = image.Geometry.VoxelCount;
        for (int c = 0; c < ranges.Length; c++)
        {
            var source = image.Channel(c);
            for (int i = 0; i < voxels; i++) values[c * voxels + i] = Math.Clamp(ranges[c].Normalise(source[i]), 0f, 1f);
        }
        for (int l = 1; l < info.Labels.Length; l++)
        {
            var source = label.Voxels;
            var foreground = values.Slice((ranges.Length + l - 1) * voxels, voxels);
            float value = info.Labels[l].Value;
            for (int i = 0; i < voxels; i++) foreground[i] = source[i] == value ? 1 : 0;
        }
        return stack;
    }

    /// <summary>Writes architecture, info and weights (safetensors).</summary>
    public void Save(Stream stream)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        using var scope = torch.NewDisposeScope();
        var metadata = Info.ToMetadata(Kind);
        metadata[ArchitectureMetadata.Key] = ArchitectureMetadata.Write(Architecture);
        SafeTensors.Write(stream, ModuleTensors.Of(_network), metadata);
    }

    /// <summary>Reads a file that <see cref="Save"/> wrote.</summary>
    /// <param name="path">For example <c>smore.safetensors</c> of a run.</param>
    /// <param name="gpuDeviceId">GPU to use; null: the CPU.</param>
    /// <param name="fallbackToCpu">Use the CPU where the GPU cannot be had.</param>
    /// <exception cref="ModelFormatException">Damaged, not a SMORE model, or of a later version.</exception>
    public static SmoreModel Load(string path, int? gpuDeviceId = null, bool fallbackToCpu = true)
    {
        using var file = File.OpenRead(path);
        return Load(file, path, gpuDeviceId, fallbackToCpu);
    }

    /// <summary>Reads what <see cref="Save"/> wrote.</summary>
    /// <param name="stream">The model.</param>
    /// <param name="gpuDeviceId">GPU to use; null: the CPU.</param>
    /// <param name="fallbackToCpu">Use the CPU where the GPU cannot be had.</param>
    /// <exception cref="ModelFormatException">As for a file.</exception>
    public static SmoreModel Load(Stream stream, int? gpuDeviceId = null, bool fallbackToCpu = true) => Load(stream, "The SMORE model", gpuDeviceId, fallbackToCpu);

    static SmoreModel Load(Stream stream, string source, int? gpuDeviceId, bool fallbackToCpu)
    {
        TorchRuntime.EnsureLoaded();
        var device = ComputeDevice.Select(gpuDeviceId, fallbackToCpu, null);
        SelfSrModelInfo? info = null;
        var network = ModuleTensors.Read(device, stream, source, metadata =>
        {
            info = SelfSrModelInfo.FromMetadata(metadata, source, Kind);
            return new WdsrNetwork(ArchitectureMetadata.Read<WdsrArchitecture>(metadata, info, source, a => a is { Width: >= 2 and <= SmoreOptions.MostChannels, Blocks: >= 1 and <= SmoreOptions.MostBlocks }));
        });
        return new(network, info!, device);
    }

    /// <summary>Releases the network.</summary>
    public void Dispose()
    {
        if (_disposed) return;
        _disposed = true;
        _network.Dispose();
    }
}
