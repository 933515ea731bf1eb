using REHRSeg.Imaging;

namespace REHRSeg.Onnx;

/// <summary>
/// From an annotated thick volume in its file's orientation to a thin one: exactly r*D slices, edges included, windows batched
/// (METHOD.md sections 1.3 and 4 [R]). One implementation for Torch and ONNX.
/// </summary>
public static class VolumeSuperResolver
{
    /// <summary>Voxels of one slice times windows in a batch, about: bounds the memory of the network's activations.</summary>
    const int BatchVoxels = 1 << 15;

    /// <summary>
    /// Applies the network along the slice axis: thin slices r*i to r*i+r-1 come from thick slices i-1 to i+2, for every i of 0 to D-1.
    /// The image is mapped to [0,1] by <see cref="SelfSrModelInfo.RobustRange"/> and back; labels are the largest logit against 0.
    /// </summary>
    /// <param name="image">Thick image of the model's channels.</param>
    /// <param name="label">Its label map; null: all background.</param>
    /// <param name="model">The network.</param>
    /// <param name="info">What the network was trained for.</param>
    /// <param name="axis">Slice axis; null: the axis of largest spacing, else the model's default.</param>
    /// <param name="progress">Receives the finished part, 0 to 1.</param>
    /// <param name="cancellationToken">Stops between windows.</param>
    /// <exception cref="GeometryMismatchException">Image and label are on different grids.</exception>
    /// <exception cref="ArgumentException">Wrong channel count, a label value that the model does not know, or NaN or infinity in the image.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static SuperResolutionResult Apply(MLVolume image, MLVolume? label, IWindowModel model, SelfSrModelInfo info, SliceAxis? axis = null, IProgress<double>? progress = null, CancellationToken cancellationToken = default) =>
        Apply(image, label, model, info, new SuperResolutionRequest { Axis = axis, Progress = progress }, cancellationToken);

    /// <summary>The same with all that can be chosen.</summary>
    /// <param name="image">Thick image of the model's channels.</param>
    /// <param name="label">Its label map; null: all background.</param>
    /// <param name="model">The network; planes of more than <see cref="SuperResolutionRequest.TileVoxels"/> are computed in tiles if it is an <see cref="ITiledWindowModel"/>.</param>
    /// <param name="info">What the network was trained for.</param>
    /// <param name="request">Axis, ensemble, tiles.</param>
    /// <param name="cancellationToken">Stops between windows and tiles.</param>
    /// <exception cref="GeometryMismatchException">Image and label are on different grids.</exception>
    /// <exception cref="ModelFormatException">Planes of more than 2^20 voxels, and a model that cannot be computed in tiles.</exception>
    /// <exception cref="ArgumentException">Wrong channel count, a label value that the model does not know, NaN or infinity in the image, or a value of the request out of its range.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static SuperResolutionResult Apply(MLVolume image, MLVolume? label, IWindowModel model, SelfSrModelInfo info, SuperResolutionRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(info);
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(image);
        request.Validate();
        if (label is null || !info.LearntLabels) label = new(image.Geometry, new float[image.Geometry.VoxelCount]);
        info = info.With(request.Ensemble, request.Consistency);
        Check(image, label, info);
        var along = request.Axis ?? image.Geometry.DetectSliceAxis() ?? info.DefaultSliceAxis;
        var (thick, thickLabel) = (image.SwapAxes(along, SliceAxis.Z), label.SwapAxes(along, SliceAxis.Z));
        var ranges = new IntensityRange[info.ImageChannels];
        for (int c = 0; c < ranges.Length; c++) ranges[c] = IntensityRange.Measure(thick.Channel(c), info.RobustRange);
        var stack = new ThickStack(thick, thickLabel, ranges, info);
        var thin = new ThinStack(thick, thickLabel, ranges, info);

        var (runs, most) = Batches(stack.Depth, stack.PaddedHeight * stack.PaddedWidth);
        var outputs = new WindowOutputs(stack, most, info);
        var runner = new PlaneRunner(model, info, request.TileVoxels);
        for (int run = 0; run < runs; run++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int first = (int)((long)stack.Depth * run / runs), batch = (int)((long)stack.Depth * (run + 1) / runs) - first;
            outputs.Run(runner, first, batch, cancellationToken);
            for (int b = 0; b < batch; b++) thin.Store(first + b, stack.PaddedHeight, stack.PaddedWidth, outputs.Image(b), outputs.Logits(b), outputs.Uncertainty(b));
            request.Progress?.Report((double)(first + batch) / stack.Depth);
        }
        return thin.ToResult(along);
    }

    /// <summary>Runs over a volume of <paramref name="depth"/> slices, and the most windows in one.</summary>
    internal static (int Runs, int Most) Batches(int depth, int plane)
    {
        int preferred = Math.Clamp(BatchVoxels / plane, 2, 16), runs = Math.Max(1, depth / preferred);
        return (runs, (depth + runs - 1) / runs);
    }

    internal static void Check(MLVolume image, MLVolume label, SelfSrModelInfo info)
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentNullException.ThrowIfNull(label);
        image.RequireSameGrid(label, "image", "label");
        if (image.Channels != info.ImageChannels) throw new ArgumentException($"The image has {image.Channels} channel(s); the model was trained on {info.ImageChannels}.", nameof(image));
        if (label.Channels != 1) throw new ArgumentException($"The label map has {label.Channels} channels; it needs 1.", nameof(label));
        if (image.FirstNotFinite() is { } strange) throw new ArgumentException($"The image holds the value {strange}; every voxel must be finite. Repair the image.", nameof(image));
        float known = 0;
        foreach (float value in label.Voxels)
        {
            if (value == known) continue;
            if (!info.Labels.Any(l => l.Value == value))
                throw new ArgumentException($"The label map holds the value {value}; the model knows {string.Join(", ", info.Labels.Select(l => $"{l.Value} ({l.Name})"))}.", nameof(label));
            known = value;
        }
    }
}

/// <summary>A thin volume: image in the input's intensity range, label values of the input, uncertainty U in (0, 1]; all on the refined grid.</summary>
public sealed record SuperResolutionResult(MLVolume Image, MLVolume Label, MLVolume Uncertainty);
