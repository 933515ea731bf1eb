using REHRSeg.Imaging;

namespace REHRSeg.Onnx;

/// <summary>
/// From a volume in its file's orientation to LR and HR label maps: slice axis to D, crop, z-score, resampling to the model's spacing,
/// sliding window with Gaussian weights and mirroring, and all of it back. One implementation for Torch and ONNX (METHOD.md section 7).
/// </summary>
public static class VolumeSegmenter
{
    /// <summary>Segments one volume.</summary>
    /// <param name="image">Image in its file's orientation, any slice axis, any number of slices from 1.</param>
    /// <param name="model">The network.</param>
    /// <param name="info">What the network was trained on.</param>
    /// <param name="request">What to compute; null: LR and HR labels.</param>
    /// <param name="cancellationToken">Stops within a run of the network.</param>
    /// <returns>LR maps voxel for voxel on the image; HR maps on <c>image.Geometry.Refine(factor, axis)</c>, null if the model has no HR head.</returns>
    /// <exception cref="ArgumentException">Wrong channel count, a voxel that is not finite, or nothing to compute.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; nothing was written.</exception>
    public static SegmentationResult Segment(MLVolume image, IPatchModel model, SegmentationModelInfo info, SegmentationRequest? request = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        SegmentationPreprocessor.RequireChannels(image, info);
        if (image.FirstNotFinite() is { } strange) throw new ArgumentException($"The image holds the value {strange}; every voxel must be finite. Repair the image.", nameof(image));
        request ??= new();
        bool hr = request.Hr && info.HasHighResolutionHead;
        if (!request.Lr && !hr) throw new ArgumentException(request.Hr ? "Only HR labels are asked for, but the model has no HR head. Ask for LR labels." : "Neither LR nor HR labels are asked for.", nameof(request));
        ArgumentOutOfRangeException.ThrowIfLessThan(request.BatchSize, 1);

        var axis = request.Axis ?? image.Geometry.DetectSliceAxis() ?? info.DefaultSliceAxis;
        var sliceFirst = image.SwapAxes(axis, SliceAxis.Z);
        WarnOfSpacing(sliceFirst.Geometry, info, request.Warn);
        var prepared = SegmentationPreprocessor.Prepare(sliceFirst, info);
        var window = new WindowRequest(request.Lr, hr, request.Mirror && info.Mirroring, request.BatchSize);
        var (lrPatch, hrPatch) = SlidingWindow.Run(prepared.Voxels, prepared.Shape, model, info, window, request.Progress, cancellationToken);
        var (lr, lrProbabilities) = Finish(lrPatch, 1);
        var (thin, thinProbabilities) = Finish(hrPatch, info.Factor);
        return new(lr, thin, lrProbabilities, thinProbabilities);

        (MLVolume? Labels, MLVolume? Probabilities) Finish(float[]? patch, int factor)
        {
            if (patch is null) return default;
            cancellationToken.ThrowIfCancellationRequested();
            int classes = info.Labels.Length;
            var probabilities = SegmentationPreprocessor.Restore(patch, classes, prepared, factor);
            var grid = factor == 1 ? sliceFirst.Geometry : sliceFirst.Geometry.Refine(factor, SliceAxis.Z);
            var geometry = factor == 1 ? image.Geometry : image.Geometry.Refine(factor, axis);
            MLVolume Back(float[] voxels, int channels) => new(geometry, new MLVolume(grid, voxels, channels).SwapAxes(axis, SliceAxis.Z).Memory, channels);
            return (Back(MostLikely(probabilities, info), 1), request.Probabilities ? Back(probabilities, classes) : null);
        }
    }

    /// <summary>Label value of the most likely class of each voxel; ties to the earlier class.</summary>
    static float[] MostLikely(float[] probabilities, SegmentationModelInfo info)
    {
        int n = probabilities.Length / info.Labels.Length;
        var best = probabilities.AsSpan(0, n).ToArray();
        var labels = new float[n];
        labels.AsSpan().Fill(info.Labels[0].Value);
        for (int k = 1; k < info.Labels.Length; k++)
        {
            var candidate = probabilities.AsSpan(k * n, n);
            for (int i = 0; i < n; i++)
                if (candidate[i] > best[i]) (best[i], labels[i]) = (candidate[i], info.Labels[k].Value);
        }
        return labels;
    }

    static void WarnOfSpacing(VolumeGeometry geometry, SegmentationModelInfo info, Action<string>? warn)
    {
        if (warn is null) return;
        double[] spacing = [geometry.Spacing[2], geometry.Spacing[1], geometry.Spacing[0]];
        if (spacing.Zip(info.TargetSpacing).Any(p => p.First / p.Second is < 0.5 or > 2))
            warn(FormattableString.Invariant($"The image's spacing {spacing[0]:0.###} x {spacing[1]:0.###} x {spacing[2]:0.###} mm (slices first) is far from the {info.TargetSpacing[0]:0.###} x {info.TargetSpacing[1]:0.###} x {info.TargetSpacing[2]:0.###} mm that the model was trained at; expect poorer labels."));
    }
}

/// <summary>What to compute.</summary>
public sealed record SegmentationRequest
{
    /// <summary>Labels on the input's own grid.</summary>
    public bool Lr { get; init; } = true;
    /// <summary>Labels on the refined grid (r slices for each), if the model has an HR head.</summary>
    public bool Hr { get; init; } = true;
    /// <summary>Also class probabilities.</summary>
    public bool Probabilities { get; init; }
    /// <summary>Average over mirrored patches (8 runs), if the model was trained with mirroring.</summary>
    public bool Mirror { get; init; } = true;
    /// <summary>Patches per run, at least 1.</summary>
    public int BatchSize { get; init; } = 2;
    /// <summary>Slice axis; null: detected from the spacing.</summary>
    public SliceAxis? Axis { get; init; }
    /// <summary>Receives the finished part, 0 to 1.</summary>
    public IProgress<double>? Progress { get; init; }
    /// <summary>Receives warnings, for example of a spacing far from the model's.</summary>
    public Action<string>? Warn { get; init; }
}

/// <summary>Label maps (and probabilities) of one volume; null where not asked for or, for HR, where the model has no HR head.</summary>
public sealed record SegmentationResult(MLVolume? Lr, MLVolume? Hr, MLVolume? LrProbabilities, MLVolume? HrProbabilities);
