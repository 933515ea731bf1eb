using REHRSeg.Imaging;

namespace REHRSeg.Onnx;

/// <summary>
/// One member of an ensemble over one image. Whatever the network looks at, class probabilities come on the image's grid, one thick slice and the r thin ones
/// in it at a time: from the two heads; or from the image interpolated to thin slices (cubic spline), where thick probabilities are the mean of their r thin ones.
/// </summary>
internal sealed class MemberPass
{
    readonly SegmentationModelInfo _info;
    readonly VolumePass? _thick, _thin;
    readonly bool _lr, _hr;

    /// <summary>Plans it.</summary>
    /// <param name="member">The network.</param>
    /// <param name="images">The image, prepared as members ask for it.</param>
    /// <param name="request">What to compute on the image's grid; HR only where the member can.</param>
    public MemberPass(EnsembleMember member, PreparedImages images, WindowRequest request)
    {
        (_info, _lr, _hr) = (member.Info, request.Lr, request.Hr);
        bool thin = _info.Input switch { SegmentationInput.Thin => true, SegmentationInput.ThickAndThin => _hr, _ => false };
        if (thin) _thin = new(images.Get(_info, thin: true), member.Model, _info, request with { Lr = true, Hr = false });
        if (_info.Input == SegmentationInput.Thick || (_info.Input == SegmentationInput.ThickAndThin && _lr))
            _thick = new(images.Get(_info, thin: false), member.Model, _info, request with { Hr = _hr && _info.Input == SegmentationInput.Thick });
    }

    /// <summary>Runs of single patches.</summary>
    public long Items => (_thick?.Items ?? 0) + (_thin?.Items ?? 0);

    /// <summary>Thick slices in order, in memory that the next slice overwrites.</summary>
    public IEnumerable<SliceProbabilities> Run(Action<int> onRun, CancellationToken cancellationToken)
    {
        if (_thin is null) return _thick!.Run(onRun, cancellationToken);
        var thin = Blocks(_thin.Run(onRun, cancellationToken));
        return _thick is null ? thin : _thick.Run(onRun, cancellationToken).Zip(thin, (lr, hr) => new SliceProbabilities(lr.Lr, hr.Hr));
    }

    /// <summary>Groups of r thin slices.</summary>
    IEnumerable<SliceProbabilities> Blocks(IEnumerable<SliceProbabilities> thin)
    {
        int factor = _info.Factor, classes = _info.Labels.Length, t = 0, plane = 0;
        SliceProbabilities? block = null;
        foreach (var slice in thin)
        {
            float[] values = slice.Lr!;
            plane = values.Length / classes;
            block ??= new(_lr && _thick is null ? new float[values.Length] : null, _hr ? new float[ArrayLength.Of(factor, values.Length)] : null);
            if (block.Lr is not null) AddTo(block.Lr, values, t == 0, 1f / factor);
            for (int k = 0; k < classes && block.Hr is not null; k++) values.AsSpan(k * plane, plane).CopyTo(block.Hr.AsSpan((k * factor + t) * plane));
            if (++t < factor) continue;
            t = 0;
            yield return block;
        }
    }

    /// <summary>sum += scale * values, from 0 on if this is the first.</summary>
    internal static void AddTo(float[] sum, float[] values, bool first, float scale)
    {
        if (first) System.Numerics.Tensors.TensorPrimitives.Multiply(values, scale, sum);
        else System.Numerics.Tensors.TensorPrimitives.MultiplyAdd(values, scale, sum, sum);
    }
}

/// <summary>An image prepared for networks, once for all that ask for the same spacing, normalisation and slices.</summary>
internal sealed class PreparedImages(MLVolume image, SliceAxis axis)
{
    readonly Dictionary<(double, double, double, bool, bool, int), PreparedVolume> _prepared = [];

    /// <summary>The image, or the image interpolated to thin slices, as a network sees it.</summary>
    public PreparedVolume Get(SegmentationModelInfo info, bool thin)
    {
        var t = info.TargetSpacing;
        var key = (t[0], t[1], t[2], info.NormaliseInsideNonzero, info.IsPlanar, thin ? info.Factor : 1);
        if (!_prepared.TryGetValue(key, out var prepared))
            _prepared[key] = prepared = SegmentationPreprocessor.Prepare(thin ? ThinImage(image.SwapAxes(axis, SliceAxis.Z), info.Factor) : image.SwapAxes(axis, SliceAxis.Z), info);
        return prepared;
    }

    /// <summary>What a thin-slice network is trained on and looks at: r times the slices of a slice-first image, cubic spline, on the FOV-preserving grid.</summary>
    internal static MLVolume ThinImage(MLVolume sliceFirst, int factor) => Resampler.RefineImage(sliceFirst, SliceAxis.Z, factor);
}
