using REHRSeg.Imaging;

namespace REHRSeg.Onnx;

/// <summary>
/// From a volume in its file's orientation to LR and HR label maps: slice axis to D, crop, z-score, resampling to the model's spacing,
/// sliding window with Gaussian weights and mirroring, and all of it back. One implementation for Torch and ONNX (METHOD.md section 7).
/// </summary>
/// <remarks>
/// Labels are made slice by slice: beside the prepared image and the results, about one tile's depth of class probabilities is held a model, whatever the number of slices.
/// </remarks>
public static class VolumeSegmenter
{
    /// <summary>Segments one volume.</summary>
    /// <param name="image">Image in its file's orientation, any slice axis, any number of slices from 1.</param>
    /// <param name="model">The network.</param>
    /// <param name="info">What the network was trained on.</param>
    /// <param name="request">What to compute; null: LR and HR labels.</param>
    /// <param name="cancellationToken">Stops within a run of the network.</param>
    /// <returns>LR maps voxel for voxel on the image; HR maps on <c>image.Geometry.Refine(factor, axis)</c>, null if the model cannot segment thin slices.</returns>
    /// <exception cref="ArgumentException">Wrong channel count, a voxel that is not finite, or nothing to compute.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; nothing was written.</exception>
    public static SegmentationResult Segment(MLVolume image, IPatchModel model, SegmentationModelInfo info, SegmentationRequest? request = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(info);
        return Segment(image, [new EnsembleMember(model, info, "the model")], request, cancellationToken);
    }

    /// <summary>Segments one volume with several networks, for example one a fold: labels are those of the mean of their class probabilities.</summary>
    /// <remarks>
    /// The mean is taken on the image's grid, after each network's softmax, tiles and resampling, so that networks of different plans go together, as nnU-Net's
    /// <c>nnUNetv2_ensemble</c> does; for the folds of one plan nnU-Net averages logits instead. Post-processing is what all members have in common.
    /// Temperatures count where all members have the same (<see cref="SegmentationRequest.Calibrate"/>).
    /// Slices are made side by side: a member adds one tile's depth of class probabilities, and its own prepared image where its spacing is another.
    /// </remarks>
    /// <param name="image">Image in its file's orientation, any slice axis, any number of slices from 1.</param>
    /// <param name="members">Networks of the same labels, factor and channels; patch, spacing and input may differ.</param>
    /// <param name="request">What to compute; null: LR and HR labels.</param>
    /// <param name="cancellationToken">Stops within a run of a network.</param>
    /// <returns>As of one network; HR maps are null unless every member can segment thin slices.</returns>
    /// <exception cref="ArgumentException">Members do not fit each other, wrong channel count, a voxel that is not finite, or nothing to compute.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; nothing was written.</exception>
    public static SegmentationResult Segment(MLVolume image, IReadOnlyList<EnsembleMember> members, SegmentationRequest? request = null, CancellationToken cancellationToken = default)
    {
        EnsembleMember.RequireFit(members);
        var info = members[0].Info;
        SegmentationPreprocessor.RequireChannels(image, info);
        if (image.FirstNotFinite() is { } strange) throw new ArgumentException($"The image holds the value {strange}; every voxel must be finite. Repair the image.", nameof(image));
        request ??= new();
        ArgumentOutOfRangeException.ThrowIfLessThan(request.BatchSize, 1);
        request = request with { Hr = request.Hr && RequireThin(members, request) };
        if (request is { Lr: false, Hr: false }) throw new ArgumentException("Neither LR nor HR labels are asked for.", nameof(request));

        var axis = request.Axis ?? image.Geometry.DetectSliceAxis() ?? info.DefaultSliceAxis;
        foreach (var member in members) WarnOfSpacing(image.Geometry.SwapAxes(axis, SliceAxis.Z), member, members.Count > 1, request.Warn);
        WarnOfTemperatures(members, request);
        var images = new PreparedImages(image, axis);
        var passes = members.Select(m => new MemberPass(m, images, new(request.Lr, request.Hr || SegmentationVolumes.NeedsThin(members), request.Mirror && m.Info.Mirroring, request.BatchSize))).ToArray();
        var volumes = new SegmentationVolumes(image.Geometry, axis, members, request);
        long total = passes.Sum(p => p.Items), done = 0;
        void OnRun(int items) => request.Progress?.Report((done += items) / (double)total);
        var streams = passes.Select(p => p.Run(OnRun, cancellationToken).GetEnumerator()).ToArray();
        try
        {
            for (int z = 0; z < image.Geometry.Size[(int)axis]; z++)
                volumes.Add(z, Array.ConvertAll(streams, s => s.MoveNext() ? s.Current : throw new InvalidOperationException("A model ended before the volume.")));
        }
        finally
        {
            foreach (var stream in streams) stream.Dispose();
        }
        cancellationToken.ThrowIfCancellationRequested();
        return volumes.Finish();
    }

    /// <summary>True if every member can make thin labels; throws where nothing else is asked for.</summary>
    static bool RequireThin(IReadOnlyList<EnsembleMember> members, SegmentationRequest request)
    {
        if (members.FirstOrDefault(m => !m.Info.CanSegmentThin) is not { } without) return true;
        string reason = without.Info.Factor == 1 ? $"{without.Name} works on the slices as they are (factor 1)" : $"{without.Name} has no HR head";
        if (!request.Lr) throw new ArgumentException($"Only HR labels are asked for, but {reason}. Ask for LR labels.", nameof(request));
        if (members.Any(m => m.Info.CanSegmentThin)) request.Warn?.Invoke($"There are no HR labels: {reason}, other models of the ensemble make them. Leave it out, or ask for LR labels alone.");
        return false;
    }

    static void WarnOfTemperatures(IReadOnlyList<EnsembleMember> members, SegmentationRequest request)
    {
        if (request.Warn is null || !LabelWriter.Scales(request)) return;
        foreach (var (grid, wanted, of) in new (string, bool, Func<SegmentationModelInfo, double?>)[] { ("LR", request.Lr, i => i.LrTemperature), ("HR", request.Hr, i => i.HrTemperature) })
            if (wanted && EnsembleMember.CommonTemperature(members, of) is null && members.FirstOrDefault(m => of(m.Info) is not null) is { } calibrated)
                request.Warn($"{grid} probabilities are the models' mean as it is: {calibrated.Name} has a temperature of its own, which is not that of the mean.");
    }

    static void WarnOfSpacing(VolumeGeometry thick, EnsembleMember member, bool named, Action<string>? warn)
    {
        if (warn is null) return;
        var info = member.Info;
        var geometry = info.Input == SegmentationInput.Thin ? thick.Refine(info.Factor, SliceAxis.Z) : thick;
        double[] spacing = [geometry.Spacing[2], geometry.Spacing[1], geometry.Spacing[0]];
        if (spacing.Zip(info.TargetSpacing).Skip(info.IsPlanar ? 1 : 0).Any(p => p.First / p.Second is < 0.5 or > 2))
            warn(FormattableString.Invariant($"The image's spacing {spacing[0]:0.###} x {spacing[1]:0.###} x {spacing[2]:0.###} mm (slices first) is far from the {info.TargetSpacing[0]:0.###} x {info.TargetSpacing[1]:0.###} x {info.TargetSpacing[2]:0.###} mm that {(named ? member.Name : "the model")} was trained at; expect poorer labels."));
    }
}
