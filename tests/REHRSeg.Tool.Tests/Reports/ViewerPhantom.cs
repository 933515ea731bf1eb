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

    /// <summary>Thin and thick image and label of a structure at the patient's right, front and top, on a grid of any axes.</summary>
    public static ViewerCase Corner(string id, double[] direction)
    {
        const int size = 24;
        // Its centre is the origin of the patient's space.
        double[] origin = [.. Enumerable.Range(0, 3).Select(row => -Enumerable.Range(0, 3).Sum(a => direction[3 * row + a] * (size - 1) / 2.0))];
        var geometry = new VolumeGeometry([size, size, size], [1, 1, 1], origin, direction);
        var label = new float[geometry.VoxelCount];
        for (int z = 0, i = 0; z < size; z++)
            for (int y = 0; y < size; y++)
                for (int x = 0; x < size; x++, i++)
                    if (geometry.ToPhysical(x, y, z) is (> -9 and < 2, > -8 and < 2, > -2 and < 7)) label[i] = 1;
        MLVolume thin = new(geometry, label), thick = ThickSliceSimulator.Label(thin, SliceAxis.Y, Factor);
        return new(id,
        [
            new("thin image", Bright(thin), ViewerRole.Image),
            new("thick image", Bright(thick), ViewerRole.Image),
            new("thin", thin, ViewerRole.Label),
            new("thick", thick, ViewerRole.Label),
            new("nothing, so that no other is shown first", thin.WithVoxels(new float[size * size * size]), ViewerRole.Label, Shown: true),
        ], Labels);

        // Brighter than the lowest value at both ends too, so that nothing is cut off.
        static MLVolume Bright(MLVolume map)
        {
            float[] voxels = [.. map.Voxels.ToArray().Select(v => 50 + 200 * v)];
            voxels[0] = voxels[^1] = 100;
            return map.WithVoxels(voxels);
        }
    }
}
