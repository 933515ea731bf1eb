using REHRSeg.Imaging;

namespace REHRSeg.Onnx;

/// <summary>
/// Working memory of one volume's self-SR, results included, the image and the loaded network not: every array of the volume's size that is made on the way, as if none were collected before the end.
/// </summary>
internal static class SuperResolutionMemory
{
    const long Fixed = 24L << 20;

    /// <param name="geometry">Grid of the image.</param>
    /// <param name="info">The model as it is applied.</param>
    /// <param name="request">Axis and tiles.</param>
    /// <param name="network">Bytes of a run of so many windows, with so many voxels a slice.</param>
    public static long Estimate(VolumeGeometry geometry, SelfSrModelInfo info, SuperResolutionRequest request, Func<int, double, long> network)
    {
        var axis = request.Axis ?? geometry.DetectSliceAxis() ?? info.DefaultSliceAxis;
        var thick = geometry.SwapAxes(axis, SliceAxis.Z);
        int height = (thick.Height + 7) / 8 * 8, width = (thick.Width + 7) / 8 * 8, images = info.ImageChannels, outputs = images + info.LabelChannels + 1;
        double voxels = (double)thick.Width * thick.Height * thick.Depth, plane = (double)height * width, tile = Math.Min(plane, request.TileVoxels);
        int windows = VolumeSuperResolver.Batches(thick.Depth, (int)Math.Min(plane, int.MaxValue)).Most;

        double copies = voxels * (axis == SliceAxis.Z ? 1 : images + 2); // an empty label map, the turned inputs
        double results = (images + 2) * info.Factor * voxels, turned = axis == SliceAxis.Z ? 0 : (1 + (images > 1 ? images : 0)) * info.Factor * voxels;
        double ranges = images * voxels, consistency = info.Consistency.HasFlag(SliceConsistency.Image) ? (1 + info.Factor) * voxels : 0;
        double batch = windows * ((images + info.LabelChannels) * 4 + outputs * info.Factor * (info.Ensemble == WindowEnsemble.None ? 1 : 2)) * plane + plane;
        double tiles = tile < plane ? windows * ((images + info.LabelChannels) * 4 + outputs * info.Factor) * tile : 0;
        return (long)Math.Min(long.MaxValue / 2, Fixed + sizeof(float) * (copies + results + turned + ranges + consistency + batch + tiles) + network(windows, tile));
    }
}
