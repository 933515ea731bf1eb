using System.Text.Json;
using REHRSeg.Onnx;

namespace REHRSeg.Tests.Segmentation;

/// <summary>Each transform with fixed parameters against numpy, scipy and skimage (tests/oracles/augmentation.py).</summary>
public class AugmentationOracleTests
{
    static readonly JsonElement s_oracle = Read();
    static readonly PatchShape s_shape = new(6, 14, 11);

    static JsonElement Read()
    {
        using var document = JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "oracles", "augmentation.json")));
        return document.RootElement.Clone();
    }

    static float[] Image()
    {
        var image = new float[s_shape.Voxels];
        for (int z = 0, i = 0; z < s_shape.Depth; z++)
            for (int y = 0; y < s_shape.Height; y++)
                for (int x = 0; x < s_shape.Width; x++, i++)
                    image[i] = (float)(Math.Sin(0.9 * z) + Math.Cos(0.7 * y + 0.3 * z) * 1.3 + 0.4 * Math.Sin(1.1 * x * (1 + 0.1 * y)) + 0.05 * x);
        return image;
    }

    static void AssertEqual(JsonElement expected, float[] actual)
    {
        foreach (var (index, value) in s_oracle.GetProperty("index").EnumerateArray().Zip(expected.EnumerateArray()))
            Assert.Equal(value.GetDouble(), actual[index.GetInt32()], 1e-4);
    }

    static void AssertEach(string name, Action<JsonElement, float[]> transform)
    {
        AssertEqual(s_oracle.GetProperty("input"), Image());
        foreach (var c in s_oracle.GetProperty(name).EnumerateArray())
        {
            var image = Image();
            transform(c, image);
            AssertEqual(c.GetProperty("value"), image);
        }
    }

    [Fact]
    public void Brightness() => AssertEach("brightness", (c, x) => BrightnessTransform.Scale(x, c.GetProperty("factor").GetSingle()));

    [Fact]
    public void Contrast() => AssertEach("contrast", (c, x) => ContrastTransform.Stretch(x, c.GetProperty("factor").GetSingle()));

    [Fact]
    public void Gamma() => AssertEach("gamma", (c, x) => GammaTransform.Curve(x, c.GetProperty("gamma").GetSingle(), c.GetProperty("inverted").GetBoolean()));

    [Fact]
    public void Blur() => AssertEach("blur", (c, x) => GaussianBlurTransform.Blur(x, s_shape, c.GetProperty("sigma").GetDouble()));

    [Fact]
    public void LowResolution() => AssertEach("low_resolution", (c, x) => LowResolutionTransform.Degrade(x, s_shape, c.GetProperty("zoom").GetDouble(), c.GetProperty("in_plane").GetBoolean()));

    /// <summary>Image, thick labels and thin labels (r = 1 here) of a transformed patch, with parts outside the volume.</summary>
    [Fact]
    public void RotationAndScaling()
    {
        var image = Image();
        byte[] label = [.. image.Select(v => (byte)(v > 1.4f ? 2 : v > 0.6f ? 1 : 0))];
        var source = new SegmentationCase { Id = "waves", Shape = s_shape, Channels = 1, Image = image, Label = label, Factor = 1, HrLabel = label, Foreground = [] };
        foreach (var c in s_oracle.GetProperty("spatial").EnumerateArray())
        {
            double[] angles = [.. c.GetProperty("angles").EnumerateArray().Select(a => a.GetDouble())];
            double scale = c.GetProperty("scale").GetDouble();
            int[] shape = Integers("shape"), corner = Integers("corner"), index = Integers("index"), classes = Integers("label");
            var map = c.GetProperty("in_plane").GetBoolean() ? SpatialMap.OfPlane(angles[0], scale) : SpatialMap.OfVolume(angles[0], angles[1], angles[2], scale);
            var patch = PatchExtractor.Extract(source, new(corner[0], corner[1], corner[2]), new(shape[0], shape[1], shape[2]), map);
            foreach (var (i, expected) in index.Zip(c.GetProperty("image").EnumerateArray().Select(v => v.GetDouble())))
                Assert.True(Math.Abs(expected - patch.Image[i]) < 1e-4, $"in-plane {map.InPlane}, voxel {i}: {patch.Image[i]}, scipy has {expected}");
            Assert.Equal(classes, index.Select(i => (int)patch.Label[i]));
            Assert.Equal(classes, index.Select(i => (int)patch.HrLabel![i]));

            int[] Integers(string name) => [.. c.GetProperty(name).EnumerateArray().Select(v => v.GetInt32())];
        }
    }
}
