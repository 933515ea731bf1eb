using REHRSeg.Imaging;

namespace REHRSeg.Onnx;

/// <summary>Takes the members' class probabilities of one thick slice after another and makes the volumes that a request asks for.</summary>
internal sealed class SegmentationVolumes
{
    readonly IReadOnlyList<EnsembleMember> _members;
    readonly SegmentationRequest _request;
    readonly LabelWriter? _lr, _hr;
    readonly int _factor, _classes, _plane;
    readonly bool _majority;
    readonly float[] _labels;
    SliceProbabilities? _mean;

    /// <summary>Allocates the results.</summary>
    public SegmentationVolumes(VolumeGeometry geometry, SliceAxis axis, IReadOnlyList<EnsembleMember> members, SegmentationRequest request)
    {
        (_members, _request) = (members, request);
        var info = members[0].Info;
        (_factor, _classes, _plane) = (info.Factor, info.Labels.Length, geometry.VoxelCount / geometry.Size[(int)axis]);
        _majority = request.Lr && NeedsThin(members);
        _lr = request.Lr ? new(geometry, axis, info, request, EnsembleMember.CommonTemperature(members, i => i.LrTemperature)) : null;
        _hr = request.Hr ? new(geometry.Refine(_factor, axis), axis, info, request, EnsembleMember.CommonTemperature(members, i => i.HrTemperature)) : null;
        _labels = new float[ArrayLength.Of(_factor, _plane)];
    }

    /// <summary>Thick labels are the majority of thin ones, so that thin probabilities are needed also where only thick labels are asked for.</summary>
    public static bool NeedsThin(IReadOnlyList<EnsembleMember> members) => members.All(m => m.Info.Input == SegmentationInput.Thin);

    /// <summary>Takes thick slice z of each member.</summary>
    public void Add(int z, ReadOnlySpan<SliceProbabilities> members)
    {
        var mean = Mean(members);
        _lr?.Write(z, mean.Lr, _plane, _labels);
        if (mean.Hr is null) return;
        for (int t = 0; t < _factor; t++)
        {
            Span<float> thin = mean.Hr.AsSpan(t * _plane), labels = _labels.AsSpan(t * _plane, _plane);
            if (_hr is not null) _hr.Write(z * _factor + t, thin, _factor * _plane, labels);
            else LabelWriter.MostLikely(thin, _factor * _plane, _lr!.Values, labels);
        }
        if (!_majority) return;
        for (int i = 0; i < _plane; i++) _labels[i] = LabelMajority.Of<float>(_labels.AsSpan(i), _factor, _plane, (_factor - 1) / 2);
        _lr!.Overwrite(z, _labels.AsSpan(0, _plane));
    }

    /// <summary>Post-processes the labels and gives the results away.</summary>
    public SegmentationResult Finish()
    {
        LargestComponentRule[] rules = _request.PostProcess ? [.. EnsembleMember.CommonRules(_members)] : [];
        var (lr, lrProbabilities, lrUncertainty) = _lr?.Finish(rules) ?? default;
        var (hr, hrProbabilities, hrUncertainty) = _hr?.Finish(rules) ?? default;
        return new(lr, hr, lrProbabilities, hrProbabilities) { LrUncertainty = lrUncertainty, HrUncertainty = hrUncertainty };
    }

    SliceProbabilities Mean(ReadOnlySpan<SliceProbabilities> members)
    {
        if (members.Length == 1) return members[0];
        _mean ??= new(members[0].Lr is { } lr ? new float[lr.Length] : null, members[0].Hr is { } hr ? new float[hr.Length] : null);
        float share = 1f / members.Length;
        for (int m = 0; m < members.Length; m++)
        {
            if (_mean.Lr is not null) MemberPass.AddTo(_mean.Lr, members[m].Lr!, m == 0, share);
            if (_mean.Hr is not null) MemberPass.AddTo(_mean.Hr, members[m].Hr!, m == 0, share);
        }
        return _mean;
    }
}
