using REHRSeg.Imaging;

namespace REHRSeg.Onnx;

/// <summary>Labels, and on request probabilities and uncertainty, of one grid, made from class probabilities slice after slice.</summary>
internal sealed class LabelWriter
{
    readonly SliceWriter _labels;
    readonly SliceWriter? _probabilities, _uncertainty;
    readonly float[] _entropy;
    readonly int _plane;

    /// <summary>Allocates the volumes.</summary>
    public LabelWriter(VolumeGeometry geometry, SliceAxis axis, SegmentationModelInfo info, SegmentationRequest request)
    {
        Values = [.. info.Labels.Select(l => l.Value)];
        _labels = new(geometry, axis);
        _probabilities = request.Probabilities ? new(geometry, axis, Values.Length) : null;
        _uncertainty = request.Uncertainty ? new(geometry, axis) : null;
        _plane = geometry.VoxelCount / geometry.Size[(int)axis];
        _entropy = new float[_uncertainty is null ? 0 : _plane];
    }

    /// <summary>Label value of each class.</summary>
    public int[] Values { get; }

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
        for (int k = 0; k < Values.Length && _probabilities is not null; k++) _probabilities.Write(k, z, probabilities.Slice(k * classStride, _plane));
        if (_uncertainty is null) return;
        NormalisedEntropy(probabilities, classStride);
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

    /// <summary>-sum of p ln p over the classes, over ln K: 0 where one class is certain, 1 where all are equally likely.</summary>
    void NormalisedEntropy(ReadOnlySpan<float> probabilities, int classStride)
    {
        _entropy.AsSpan().Clear();
        float scale = -1 / MathF.Log(Values.Length);
        for (int k = 0; k < Values.Length; k++)
        {
            var p = probabilities.Slice(k * classStride, _entropy.Length);
            for (int i = 0; i < p.Length; i++) if (p[i] > 0) _entropy[i] += scale * p[i] * MathF.Log(p[i]);
        }
        for (int i = 0; i < _entropy.Length; i++) _entropy[i] = Math.Clamp(_entropy[i], 0, 1);
    }
}
