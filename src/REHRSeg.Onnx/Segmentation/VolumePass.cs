namespace REHRSeg.Onnx;

/// <summary>One network over one prepared image: its class probabilities on the image's grid, slice after slice.</summary>
internal sealed class VolumePass
{
    readonly PreparedVolume _prepared;
    readonly SlidingWindow _window;
    readonly SliceRestorer? _lr, _hr;

    /// <summary>Plans it.</summary>
    public VolumePass(PreparedVolume prepared, IPatchModel model, SegmentationModelInfo info, WindowRequest request)
    {
        _prepared = prepared;
        _window = new(prepared.Voxels, prepared.Shape, model, info, request);
        _lr = request.Lr ? new(prepared, info.Labels.Length) : null;
        _hr = request.Hr ? new(prepared, info.Labels.Length, info.Factor) : null;
    }

    /// <summary>Tiles times mirrored forms.</summary>
    public long Items => _window.Items;

    /// <summary>All slices of the image in order, <c>K x H x W</c> and <c>K x r x H x W</c>, in memory that the next slice overwrites.</summary>
    public IEnumerable<SliceProbabilities> Run(Action<int> onRun, CancellationToken cancellationToken)
    {
        var slice = new SliceProbabilities(_lr is null ? null : new float[_lr.Length], _hr is null ? null : new float[_hr.Length]);
        using var window = _window.Run(onRun, cancellationToken).GetEnumerator();
        var box = _prepared.Box;
        for (int z = 0; z < _prepared.Geometry.Depth; z++)
        {
            int inBox = z - box.Z;
            if (z == 0 || inBox == box.Shape.Depth)
            {
                _lr?.Clear(slice.Lr!);
                _hr?.Clear(slice.Hr!);
            }
            if (inBox >= 0 && inBox < box.Shape.Depth)
            {
                while (_lr?.IsReady(inBox) == false || _hr?.IsReady(inBox) == false) Advance(window);
                _lr?.Write(inBox, slice.Lr!);
                _hr?.Write(inBox, slice.Hr!);
            }
            yield return slice;
        }
    }

    void Advance(IEnumerator<SliceProbabilities> window)
    {
        if (!window.MoveNext()) throw new InvalidOperationException("The sliding window ended before the volume.");
        _lr?.Add(window.Current.Lr!);
        _hr?.Add(window.Current.Hr!);
    }
}
