using System.Collections.Immutable;
using REHRSeg.Imaging;

namespace REHRSeg.Onnx;

/// <summary>A box of a slice-first voxel grid: first voxel and extent along D, H, W.</summary>
internal readonly record struct VoxelBox(int Z, int Y, int X, PatchShape Shape);

/// <summary>A slice-first volume as the segmentation network sees it, with what is needed to bring results back.</summary>
internal sealed record PreparedVolume
{
    /// <summary><c>C x D x H x W</c>, z-scored, at the target spacing.</summary>
    public required float[] Voxels { get; init; }
    /// <summary>Channels C.</summary>
    public required int Channels { get; init; }
    /// <summary>D, H, W of <see cref="Voxels"/>.</summary>
    public required PatchShape Shape { get; init; }
    /// <summary>The slice-first grid before cropping and resampling.</summary>
    public required VolumeGeometry Geometry { get; init; }
    /// <summary>The part of <see cref="Geometry"/> that was kept.</summary>
    public required VoxelBox Box { get; init; }
    /// <summary>True where in-plane and slice direction are resampled apart: cubic in-plane, nearest along D.</summary>
    public required bool SeparateZ { get; init; }
    /// <summary>Mean that was subtracted from each channel.</summary>
    public required ImmutableArray<double> Mean { get; init; }
    /// <summary>Standard deviation that each channel was divided by.</summary>
    public required ImmutableArray<double> StandardDeviation { get; init; }
}
