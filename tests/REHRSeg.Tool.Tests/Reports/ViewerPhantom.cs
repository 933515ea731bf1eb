using REHRSeg.Imaging;

namespace REHRSeg.Tool.Tests;

/// <summary>Cases for the viewer: a thin image with two structures, and its thick version with a quarter of the slices along y.</summary>
internal static class ViewerPhantom
{
    public const int DefaultSize = 32, Factor = 4;
    public static readonly IReadOnlyList<LabelClass> Labels = [.. PhantomGenerator.LabelNames.Select((name, value) => new LabelClass(value, name))];

    /// <summary>Thick and thin image, thick and thin label map, and an uncertainty that grows towards the structures' surfaces.</summary>
    public static ViewerCase Case(string id, int seed, int size = DefaultSize)
    {
        var phantom = PhantomGenerator.Generate(seed, size, size, size);
        var thickImage = ThickSliceSimulator.Image(phantom.Image, SliceAxis.Y, SliceProfile.Gaussian(Factor));
        var thickLabel = ThickSliceSimulator.Label(phantom.Label, SliceAxis.Y, Factor);
        return new(id,
        [
            new("thick image", thickImage, ViewerRole.Image),
            new("thin image", phantom.Image, ViewerRole.Image),
            new("truth", phantom.Label, ViewerRole.Label, Shown: true, Outlined: true),
            new("thick label", thickLabel, ViewerRole.Label, Shown: true),
            new("uncertainty", NearTheSurface(phantom.Label), ViewerRole.Uncertainty),
        ], Labels);
    }

    static MLVolume NearTheSurface(MLVolume label)
    {
        bool[] inside = [.. label.Voxels.ToArray().Select(v => v > 0)], outside = [.. inside.Select(v => !v)];
        float[] Distance(bool[] features) => DistanceTransform.Distance(features, label.Geometry.Size.AsSpan(), label.Geometry.Spacing.AsSpan());
        return label.WithVoxels(Distance(inside).Zip(Distance(outside), (a, b) => MathF.Exp(-(a + b) / 2)).ToArray());
    }
}
