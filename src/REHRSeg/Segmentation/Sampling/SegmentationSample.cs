using System.Collections.Immutable;
using REHRSeg.Onnx;

namespace REHRSeg;

/// <summary>One training patch; augmentations change its arrays in place.</summary>
internal sealed class SegmentationSample(PatchShape shape, int channels, int factor)
{
    /// <summary>D, H, W.</summary>
    public PatchShape Shape { get; } = shape;
    /// <summary>Image channels C.</summary>
    public int Channels { get; } = channels;
    /// <summary>Thin slices per thick slice, r.</summary>
    public int Factor { get; } = factor;
    /// <summary>Z-scored image, <c>C x D x H x W</c>; 0 outside the volume.</summary>
    public float[] Image { get; } = new float[channels * shape.Voxels];
    /// <summary>Class indices, <c>D x H x W</c>; background outside the volume.</summary>
    public byte[] Label { get; } = new byte[shape.Voxels];
    /// <summary>Class indices, <c>rD x H x W</c>; null: a real patch.</summary>
    public byte[]? HrLabel { get; init; }
    /// <summary>Normalised uncertainty, <c>D x H x W</c>; 1 outside the volume; null: a real patch.</summary>
    public float[]? Uncertainty { get; init; }
    /// <summary>See <see cref="SegmentationCase.UnitRanges"/>.</summary>
    public ImmutableArray<UnitRange> UnitRanges { get; init; } = [];

    /// <summary>One image channel, <c>D x H x W</c>.</summary>
    public Span<float> Channel(int channel) => Image.AsSpan(channel * Shape.Voxels, Shape.Voxels);
}
