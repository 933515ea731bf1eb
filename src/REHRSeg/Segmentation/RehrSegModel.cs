using System.Collections.Immutable;
using REHRSeg.Imaging;
using REHRSeg.Onnx;
using TorchSharp;

namespace REHRSeg;

/// <summary>A trained segmenter with LR and HR heads. Thread-safe for prediction.</summary>
public sealed class RehrSegModel : IDisposable
{
    const string ArchitectureKey = "rehrseg.architecture";

    readonly SegmentationNetwork _network;
    readonly TorchPatchModel _patchModel;
    bool _disposed;

    /// <summary>Takes a network over, in float32 and evaluation mode, on its device.</summary>
    internal RehrSegModel(SegmentationNetwork network, SegmentationModelInfo info, torch.Device device)
    {
        (_network, Info, Device) = (network, info, device);
        network.BFloat16 = false;
        network.eval();
        foreach (var parameter in network.parameters()) parameter.requires_grad = false;
        _patchModel = new(network, device);
    }

    /// <summary>Patch, spacing, labels, tiling.</summary>
    public SegmentationModelInfo Info { get; private set; }

    /// <summary>Takes the post-processing that validation chose (<see cref="LargestComponentChoice.Rules"/>); before the model is shared.</summary>
    internal void UsePostProcessing(ImmutableArray<LargestComponentRule> rules) => Info = Info with { PostProcessing = rules };

    /// <summary>Takes temperatures that were fitted on held-out cases; before the model is shared.</summary>
    internal void UseTemperatures(double? lr, double? hr) => Info = Info with { LrTemperature = lr, HrTemperature = hr };

    /// <summary>The network.</summary>
    internal SegmentationNetwork Network => _network;
    /// <summary>Where the network is.</summary>
    internal torch.Device Device { get; }
    /// <summary>The network as the sliding window sees it.</summary>
    internal IPatchModel PatchModel => _patchModel;

    /// <summary>Segments one thick volume.</summary>
    /// <param name="image">Image in its file's orientation, with the model's channels.</param>
    /// <param name="request">What to compute; null: LR and HR labels.</param>
    /// <param name="cancellationToken">Stops within a run of the network.</param>
    /// <returns>Labels on the image's grid, and on the grid refined along the slice axis if the model can segment thin slices.</returns>
    /// <exception cref="ArgumentException">Wrong channel count.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public SegmentationResult Predict(MLVolume image, SegmentationRequest? request = null, CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ArgumentNullException.ThrowIfNull(image);
        return VolumeSegmenter.Segment(image, _patchModel, Info, request, cancellationToken);
    }

    /// <summary>This network as one of an ensemble: <see cref="VolumeSegmenter.Segment(MLVolume, IReadOnlyList{EnsembleMember}, SegmentationRequest, CancellationToken)"/>. It stays this model's.</summary>
    /// <param name="name">For messages.</param>
    public EnsembleMember AsMember(string name)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return new(_patchModel, Info, name);
    }

    /// <summary>Writes architecture, info and weights (safetensors with metadata).</summary>
    public void Save(Stream stream)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ArgumentNullException.ThrowIfNull(stream);
        using var scope = torch.NewDisposeScope();
        var metadata = new Dictionary<string, string>(Info.ToMetadata()) { [ArchitectureKey] = SegmentationPlan.ToJson(_network.Architecture) };
        SafeTensors.Write(stream, ModuleTensors.Of(_network), metadata);
    }

    /// <summary>Reads what <see cref="Save"/> wrote.</summary>
    /// <param name="stream">From its position to its end.</param>
    /// <param name="gpuDeviceId">GPU to predict on; null: the CPU.</param>
    /// <param name="fallbackToCpu">Use the CPU where the GPU cannot be had.</param>
    /// <exception cref="ModelFormatException">Damaged, not a REHRSeg segmenter, or of a later version.</exception>
    public static RehrSegModel Load(Stream stream, int? gpuDeviceId = null, bool fallbackToCpu = true)
    {
        const string Source = "REHRSeg segmenter";
        TorchRuntime.EnsureLoaded();
        var device = ComputeDevice.Select(gpuDeviceId, fallbackToCpu, null);
        using var scope = torch.NewDisposeScope();
        SegmentationModelInfo? info = null;
        var network = ModuleTensors.Read(device, stream, Source, metadata =>
        {
            info = SegmentationModelInfo.FromMetadata(metadata, Source);
            if (!metadata.TryGetValue(ArchitectureKey, out string? json))
                throw new ModelFormatException($"{Source}: the metadata has no {ArchitectureKey}; this is not a file that RehrSegModel.Save wrote.");
            return new SegmentationNetwork(SegmentationPlan.ParseArchitecture(json, Source));
        });
        return new(network, info!, device);
    }

    /// <summary>Writes <c>segmentation.onnx</c> (DESIGN.md section 7).</summary>
    public void ExportOnnx(Stream stream) => ExportOnnx(stream, OnnxPrecision.Float32);

    /// <summary>Writes <c>segmentation.onnx</c> in another precision; inputs and outputs stay single precision.</summary>
    /// <exception cref="ArgumentException">A weight is beyond the range of half precision.</exception>
    public void ExportOnnx(Stream stream, OnnxPrecision precision)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ArgumentNullException.ThrowIfNull(stream);
        SegmentationOnnxExporter.Export(stream, _network.Architecture, NetworkWeights.Export(_network), Info, precision);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_disposed) return;
        _disposed = true;
        _network.Dispose();
    }
}
