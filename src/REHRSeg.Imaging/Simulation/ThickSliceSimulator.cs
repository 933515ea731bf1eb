using System.Numerics.Tensors;

namespace REHRSeg.Imaging;

/// <summary>
/// Thick slices from thin ones: image = profile-weighted average at each block, label = majority of the r thin labels
/// (ties to the lower-centre slice). Only the needed slices are computed (METHOD.md 13.4). FOV-preserving grid.
/// </summary>
public static class ThickSliceSimulator
{
    /// <summary>Thick image of <c>(size - start) / r</c> slices along the axis; all channels.</summary>
    /// <param name="thin">Image of thin slices.</param>
    /// <param name="axis">Slice axis.</param>
    /// <param name="profile">Point spread; its factor is r.</param>
    /// <param name="start">First thin slice of the first block.</param>
    /// <exception cref="ArgumentException">No complete block of r slices is left.</exception>
    public static MLVolume Image(MLVolume thin, SliceAxis axis, SliceProfile profile, int start = 0)
    {
        ArgumentNullException.ThrowIfNull(thin);
        ArgumentNullException.ThrowIfNull(profile);
        int r = profile.Factor;
        var weights = profile.Weights;
        var blocks = new SliceBlocks(thin, axis, r, start);
        var (n, inner) = (blocks.ThinSlices, blocks.Inner);
        var result = new float[blocks.ResultLength];
        Parallel.For(0, blocks.Outer * blocks.ThickSlices, row =>
        {
            var (o, j) = Math.DivRem(row, blocks.ThickSlices);
            var voxels = thin.Voxels.Slice(o * n * inner, n * inner);
            var sum = result.AsSpan(row * inner, inner);
            for (int k = 0; k < weights.Count; k++)
            {
                int slice = Math.Clamp(start + r * j + profile.First + k, 0, n - 1);
                TensorPrimitives.MultiplyAdd(voxels.Slice(slice * inner, inner), weights[k], sum, sum);
            }
        });
        return new(blocks.Geometry, result, thin.Channels);
    }

    /// <summary>Thick label map of the same grid.</summary>
    /// <param name="thin">Label map of thin slices.</param>
    /// <param name="axis">Slice axis.</param>
    /// <param name="factor">Thin slices per thick slice, r.</param>
    /// <param name="start">First thin slice of the first block.</param>
    /// <exception cref="ArgumentException">No complete block of r slices is left.</exception>
    public static MLVolume Label(MLVolume thin, SliceAxis axis, int factor, int start = 0)
    {
        ArgumentNullException.ThrowIfNull(thin);
        var blocks = new SliceBlocks(thin, axis, factor, start);
        var (n, inner) = (blocks.ThinSlices, blocks.Inner);
        var result = new float[blocks.ResultLength];
        Parallel.For(0, blocks.Outer * blocks.ThickSlices, row =>
        {
            var (o, j) = Math.DivRem(row, blocks.ThickSlices);
            var block = thin.Voxels.Slice((o * n + start + factor * j) * inner, factor * inner);
            for (int i = 0; i < inner; i++) result[row * inner + i] = LabelMajority.Of(block[i..], factor, inner, (factor - 1) / 2);
        });
        return new(blocks.Geometry, result, thin.Channels);
    }

    /// <summary>The thin volume cut to the complete blocks: the truth on the exact refined grid.</summary>
    /// <param name="thin">Image or label map of thin slices; all channels.</param>
    /// <param name="axis">Slice axis.</param>
    /// <param name="factor">Thin slices per thick slice, r.</param>
    /// <param name="start">First thin slice of the first block.</param>
    /// <exception cref="ArgumentException">No complete block of r slices is left.</exception>
    public static MLVolume ThinTruth(MLVolume thin, SliceAxis axis, int factor, int start = 0)
    {
        ArgumentNullException.ThrowIfNull(thin);
        var blocks = new SliceBlocks(thin, axis, factor, start);
        int kept = blocks.ThickSlices * factor, run = kept * blocks.Inner;
        if (kept == blocks.ThinSlices) return thin;
        var result = new float[blocks.Outer * run];
        for (int o = 0; o < blocks.Outer; o++)
            thin.Voxels.Slice((o * blocks.ThinSlices + start) * blocks.Inner, run).CopyTo(result.AsSpan(o * run));
        return new(thin.Geometry.Crop(axis, start, kept), result, thin.Channels);
    }

    /// <summary>The thin array as <c>outer x slices x inner</c> and its thick grid.</summary>
    sealed class SliceBlocks
    {
        public SliceBlocks(MLVolume thin, SliceAxis axis, int factor, int start)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(factor, 2);
            Geometry = thin.Geometry.Coarsen(factor, axis, start);
            int a = (int)axis;
            (ThinSlices, ThickSlices, Inner, Outer) = (thin.Geometry.Size[a], Geometry.Size[a], 1, thin.Channels);
            for (int b = 0; b < a; b++) Inner *= Geometry.Size[b];
            for (int b = a + 1; b < 3; b++) Outer *= Geometry.Size[b];
        }

        public VolumeGeometry Geometry { get; }
        public int ThinSlices { get; }
        public int ThickSlices { get; }
        public int Inner { get; }
        public int Outer { get; }
        public int ResultLength => Outer * ThickSlices * Inner;
    }
}
