using REHRSeg.Imaging;

namespace REHRSeg.Onnx;

/// <summary>Labels, and on request probabilities and uncertainty, of one grid, made from class probabilities slice after slice.</summary>
internal sealed class LabelWriter
{
    readonly SliceWriter _labels;
    readonly SliceWriter? _probabilities, _uncertainty;
    readonly float[] _entropy;
    readonly float[]? _scaled;
    readonly double _temperature;
    readonly int _plane;

    /// <summary>Allocates the volumes.</summary>
    /// <param name="geometry">Grid of the labels.</param>
    /// <param name="axis">Slice axis.</param>
    /// <param name="info">Classes.</param>
    /// <param name="request">What is asked for.</param>
    /// <param name="temperature">Of probabilities and uncertainty; null: they stay as they are.</param>
    public LabelWriter(VolumeGeometry geometry, SliceAxis axis, SegmentationModelInfo info, SegmentationRequest request, double? temperature)
    {
        Values = [.. info.Labels.Select(l => l.Value)];
        _labels = new(geometry, axis);
        _probabilities = request.Probabilities ? new(geometry, axis, Values.Length) : null;
        _uncertainty = request.Uncertainty ? new(geometry, axis) : null;
        _plane = geometry.VoxelCount / geometry.Size[(int)axis];
        _entropy = new float[_uncertainty is null ? 0 : _plane];
        if (temperature is not { } t || !Scales(request)) return;
        (_temperature, _scaled) = (t, new float[ArrayLength.Of(Values.Length, _plane)]);
    }

    /// <summary>Label value of each class.</summary>
    public int[] Values { get; }

    /// <summary>True if anything is made that depends on the temperature.</summary>
    public static bool Scales(SegmentationRequest request) => request.Calibrate && (request.Probabilities || request.Uncertainty);

    /// <summary>Writes slice z from probabilities of class k at <c>k * classStride</c>.</summary>
    /// <param name="z">The slice.</param>
    /// <param name="probabilities">Class probabilities.</param>
    /// <param name="classStride">Values between classes.</param>
    /// <param name="labels">Receives the labels, <c>H x W</c>: of the most likely class, ties to the earlier one.</param>
    public void Write(int z, ReadOnlySpan<float> probabilities, int classStride, Span<float> labels)
    {
        labels = labels[.._plane];
        MostLikely(probabilities, classStride, Values, labels);
        _labels.Write(0, z, labels);
        if (_scaled is not null)
        {
            TemperatureScaling.Apply(probabilities, classStride, _scaled, _plane, Values.Length, _plane, _temperature);
            probabilities = _scaled;
            classStride = _plane;
        }
        for (int k = 0; k < Values.Length && _probabilities is not null; k++) _probabilities.Write(k, z, probabilities.Slice(k * classStride, _plane));
        if (_uncertainty is null) return;
        PredictiveEntropy.Normalised(probabilities, classStride, Values.Length, _entropy);
        _uncertainty.Write(0, z, _entropy);
    }

    /// <summary>Writes other labels over slice z.</summary>
    public void Overwrite(int z, ReadOnlySpan<float> labels) => _labels.Write(0, z, labels);

    /// <summary>Applies post-processing and gives the volumes away.</summary>
    public (MLVolume Labels, MLVolume? Probabilities, MLVolume? Uncertainty) Finish(IEnumerable<LargestComponentRule> rules)
    {
        var labels = _labels.ToVolume();
        foreach (var rule in rules) LargestComponent.Apply(_labels.Voxels, labels.Geometry, rule);
        return (labels, _probabilities?.ToVolume(), _uncertainty?.ToVolume());
    }

    /// <summary>Label value of the most likely class of each voxel; ties to the earlier class.</summary>
    public static void MostLikely(ReadOnlySpan<float> probabilities, int classStride, ReadOnlySpan<int> values, Span<float> labels)
    {
        for (int i = 0; i < labels.Length; i++)
        {
            int best = 0;
            for (int k = 1; k < values.Length; k++)
                if (probabilities[k * classStride + i] > probabilities[best * classStride + i]) best = k;
            labels[i] = values[best];
        }
    }
}
