using REHRSeg.Onnx;

namespace REHRSeg;

/// <summary>
/// Cuts a patch out of a case, straight or through a spatial transform (METHOD.md section 7 step 1): image by cubic B-spline, labels by their linear one-hot
/// weights (at least 0.5 wins), uncertainty linear. The thin labels follow the same map on their r-refined grid. Outside the volume: image 0, background
/// (nnU-Net's -1, which its last transform makes 0), uncertainty 1.
/// </summary>
/// <remarks>
/// nnU-Net cuts a larger crop first (in-plane side / 0.85 for 224) and transforms that, so that the corners of a strongly turned or shrunk patch are zeros although the case
/// goes on there. Here they are the case's own voxels; inside that crop both agree, except for what the prefilter carries in from its border (27 % less with each voxel).
/// </remarks>
internal static class PatchExtractor
{
    /// <summary>Cuts a patch.</summary>
    /// <param name="source">The case.</param>
    /// <param name="corner">First voxel.</param>
    /// <param name="shape">Patch size.</param>
    /// <param name="map">From patch to case, about the patch's centre; identity: plain copy.</param>
    public static SegmentationSample Extract(SegmentationCase source, PatchCorner corner, PatchShape shape, SpatialMap map)
    {
        var sample = new SegmentationSample(shape, source.Channels, source.Factor)
        {
            HrLabel = source.HrLabel is null ? null : new byte[source.Factor * shape.Voxels],
            Uncertainty = source.Uncertainty is null ? null : new float[shape.Voxels],
            UnitRanges = source.UnitRanges,
        };
        sample.Uncertainty?.AsSpan().Fill(1);
        var thick = source.Shape;
        PatchShape thin = thick with { Depth = thick.Depth * source.Factor }, thinPatch = shape with { Depth = shape.Depth * source.Factor };
        var thinCorner = corner with { Depth = corner.Depth * source.Factor };
        if (map.IsIdentity)
        {
            for (int c = 0; c < source.Channels; c++) corner.Copy(source.Image.AsSpan(c * thick.Voxels, thick.Voxels), thick, sample.Channel(c), shape);
            corner.Copy(source.Label.AsSpan(), thick, sample.Label, shape);
            if (source.HrLabel is { } hr) thinCorner.Copy(hr.AsSpan(), thin, sample.HrLabel, thinPatch);
            if (source.Uncertainty is { } u) corner.Copy(u.AsSpan(), thick, sample.Uncertainty, shape);
            return sample;
        }
        PatchGrid grid = new(map, shape, corner, 1), thinGrid = new(map, thinPatch, thinCorner, source.Factor);
        SplineWarp.Sample(source.Image.AsSpan(), thick, sample.Image, grid);
        LinearWarp.SampleLabels(source.Label.AsSpan(), thick, sample.Label, grid);
        if (source.HrLabel is { } hrLabel) LinearWarp.SampleLabels(hrLabel.AsSpan(), thin, sample.HrLabel, thinGrid);
        if (source.Uncertainty is { } uncertainty) LinearWarp.SampleUncertainty(uncertainty.AsSpan(), thick, sample.Uncertainty, grid);
        return sample;
    }
}
