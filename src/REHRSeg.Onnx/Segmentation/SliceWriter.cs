using REHRSeg.Imaging;

namespace REHRSeg.Onnx;

/// <summary>A volume in its file's orientation that is written slice after slice.</summary>
/// <param name="geometry">The file's grid.</param>
/// <param name="axis">Its slice axis.</param>
/// <param name="channels">Channels.</param>
internal sealed class SliceWriter(VolumeGeometry geometry, SliceAxis axis, int channels = 1)
{
    readonly float[] _voxels = new float[ArrayLength.Of(channels, geometry.VoxelCount)];

    /// <summary>All values.</summary>
    public float[] Voxels => _voxels;

    /// <summary>Writes slice z of a channel, <c>H x W</c> of the slice-first grid.</summary>
    public void Write(int channel, int z, ReadOnlySpan<float> plane)
    {
        var sliceFirst = geometry.SwapAxes(axis, SliceAxis.Z);
        int[] stride = [1, geometry.Width, geometry.Width * geometry.Height];
        (stride[(int)axis], stride[2]) = (stride[2], stride[(int)axis]);
        for (int y = 0, from = 0; y < sliceFirst.Height; y++)
        {
            int to = channel * geometry.VoxelCount + z * stride[2] + y * stride[1];
            for (int x = 0; x < sliceFirst.Width; x++, to += stride[0]) _voxels[to] = plane[from++];
        }
    }

    /// <summary>The volume.</summary>
    public MLVolume ToVolume() => new(geometry, _voxels, channels);
}
