using REHRSeg.Imaging;

namespace REHRSeg.Onnx;

/// <summary>
/// Working memory of one volume's segmentation, results included, the image itself and the loaded networks not. Adds up every array of the volume's size that is made on the way, as if none were
/// collected before the end and nothing were cropped, so that it is a bound rather than a guess.
/// </summary>
internal static class SegmentationMemory
{
    /// <summary>Small things, and what the runtime itself takes for running.</summary>
    const long Fixed = 24L << 20;

    /// <summary>Bytes per voxel of the label map that keeping the largest component takes at most.</summary>
    const int BytesPerComponentVoxel = 8;

    /// <param name="geometry">Grid of the image.</param>
    /// <param name="channels">Channels of the image.</param>
    /// <param name="members">Networks.</param>
    /// <param name="request">What to compute.</param>
    /// <param name="network">Bytes of a run of member i with a tile, a batch and with or without thin probabilities.</param>
    public static long Estimate(VolumeGeometry geometry, int channels, IReadOnlyList<EnsembleMember> members, SegmentationRequest request, Func<int, TilePlan, bool, long> network)
    {
        var first = members[0].Info;
        var axis = request.Axis ?? geometry.DetectSliceAxis() ?? first.DefaultSliceAxis;
        var thick = geometry.SwapAxes(axis, SliceAxis.Z);
        int classes = first.Labels.Length, factor = first.Factor;
        bool hr = request.Hr && members.All(m => m.Info.CanSegmentThin), lr = request.Lr || !hr, needsThin = hr || SegmentationVolumes.NeedsThin(members);
        double voxels = (double)thick.Width * thick.Height * thick.Depth, plane = (double)thick.Width * thick.Height;

        double floats = axis == SliceAxis.Z ? 0 : channels * voxels, bytes = Fixed;
        var prepared = new HashSet<(double, double, double, bool, bool, int)>();
        for (int m = 0; m < members.Count; m++)
        {
            var info = members[m].Info;
            bool thin = info.Input switch { SegmentationInput.Thin => true, SegmentationInput.ThickAndThin => needsThin, _ => false };
            bool usesThick = info.Input == SegmentationInput.Thick || (info.Input == SegmentationInput.ThickAndThin && lr);
            foreach (bool fine in new[] { false, true })
            {
                if (!(fine ? thin : usesThick)) continue;
                var grid = fine ? thick.Refine(factor, SliceAxis.Z) : thick;
                var shape = SegmentationPreprocessor.ShapeFor(grid, info);
                var t = info.TargetSpacing;
                if (prepared.Add((t[0], t[1], t[2], info.NormaliseInsideNonzero, info.IsPlanar, fine ? factor : 1)))
                    (floats, bytes) = (floats + channels * Preparation(grid, shape, fine), bytes + (info.NormaliseInsideNonzero ? 2.0 * grid.VoxelCount : 0));
                bool head = !fine && needsThin && info.Input == SegmentationInput.Thick;
                var plan = new TilePlan(shape, info, new(lr || fine, head, request.Mirror && info.Mirroring, request.BatchSize));
                floats += Pass(plan, grid, shape, channels, classes, lr || fine ? 1 : 0, head ? factor : 0);
                bytes += network(m, plan, head);
                if (fine) floats += classes * (1 + factor) * plane;
            }
        }
        if (members.Count > 1) floats += classes * (1 + factor) * plane;
        double perVoxel = 1 + (request.Probabilities ? classes : 0) + (request.Uncertainty ? 1 : 0);
        floats += ((lr ? 1 : 0) + (hr ? factor : 0)) * voxels * perVoxel + (2 + factor) * plane;
        if (LabelWriter.Scales(request)) floats += classes * plane * ((lr && EnsembleMember.CommonTemperature(members, i => i.LrTemperature) is not null ? 1 : 0) + (hr && EnsembleMember.CommonTemperature(members, i => i.HrTemperature) is not null ? 1 : 0));
        if (request.PostProcess && EnsembleMember.CommonRules(members).Any()) bytes += BytesPerComponentVoxel * (hr ? factor : 1) * voxels;
        return (long)Math.Min(long.MaxValue / 2, bytes + sizeof(float) * floats);
    }

    /// <summary>Numbers a channel: interpolation to thin slices, the crop, and each axis' resampling with the copy of its result.</summary>
    static double Preparation(VolumeGeometry grid, PatchShape shape, bool fine)
    {
        double crop = (double)grid.Width * grid.Height * grid.Depth;
        double largest = (double)Math.Max(grid.Width, shape.Width) * Math.Max(grid.Height, shape.Height) * Math.Max(grid.Depth, shape.Depth);
        bool same = shape == new PatchShape(grid.Depth, grid.Height, grid.Width);
        return (fine ? 2 : 1) * crop + (same ? 0 : 4 * largest);
    }

    /// <summary>Tiles, blended slices and the slices on their way back to the image's grid.</summary>
    static double Pass(TilePlan plan, VolumeGeometry grid, PatchShape shape, int channels, int classes, int thick, int thin)
    {
        double tile = plan.Batch * (double)plan.Tile.Voxels, plane = (double)shape.Height * shape.Width, area = (double)grid.Width * grid.Height;
        double heldOnTheWayBack = Math.Min(shape.Depth, 3 + Math.Ceiling((double)shape.Depth / grid.Depth));
        return tile * (channels + classes * (thick + thin)) + classes * (thick + thin) * (plan.SlicesHeld * plane + plane + area + heldOnTheWayBack * area);
    }
}
