using System.Text.Json;
using REHRSeg.Imaging;

namespace REHRSeg.Onnx.Tests;

/// <summary>Two channels against numpy and skimage, whose resize clips a spline's overshoot (tests/oracles/preprocessing_channels.py).</summary>
public class MultichannelPreprocessingTests
{
    static bool Inside(int z, int y, int x) => (z - 3) * (z - 3) / 9.0 + (y - 8) * (y - 8) / 36.0 + (x - 7) * (x - 7) / 36.0 <= 1;

    static (MLVolume Image, MLVolume Label) Volumes(double[] spacing)
    {
        var geometry = new VolumeGeometry([15, 16, 7], [spacing[2], spacing[1], spacing[0]]);
        int n = geometry.VoxelCount;
        float[] image = new float[2 * n], label = new float[n];
        for (int z = 0, i = 0; z < 7; z++)
            for (int y = 0; y < 16; y++)
                for (int x = 0; x < 15; x++, i++)
                {
                    if (!Inside(z, y, x)) continue;
                    image[i] = x == 7 && y == 8 ? 0 : (float)(30 + 9 * Math.Sin(y) + 6 * z);
                    image[n + i] = (float)(200 + 50 * Math.Cos(x) - 8 * y);
                    if ((z, y, x) == (3, 8, 8)) image[i] = image[n + i] = 0;
                    label[i] = x > 7 ? 1 : y > 9 && x < 6 ? 2 : 0;
                }
        return (new(geometry, image, 2), new(geometry, label));
    }

    [Fact]
    public void EqualsSkimage()
    {
        foreach (var c in TileAxisTests.Oracle("cases", "preprocessing_channels.json").EnumerateArray())
        {
            var (image, label) = Volumes(Numbers("spacing"));
            var info = PointwiseModel.Info(new(4, 8, 8)) with { Channels = 2, TargetSpacing = [.. Numbers("target")], NormaliseInsideNonzero = c.GetProperty("masked").GetBoolean() };
            var prepared = SegmentationPreprocessor.Prepare(image, info);
            Assert.Equal(Numbers("shape"), (double[])[prepared.Shape.Depth, prepared.Shape.Height, prepared.Shape.Width]);
            for (int k = 0; k < 2; k++)
            {
                Assert.Equal(Numbers("mean")[k], prepared.Mean[k], 1e-4);
                Assert.Equal(Numbers("std")[k], prepared.StandardDeviation[k], 1e-4);
                float[] channel = prepared.Voxels[(k * prepared.Shape.Voxels)..((k + 1) * prepared.Shape.Voxels)];
                Assert.Equal(Numbers("min")[k], channel.Min(), 1e-4);
                Assert.Equal(Numbers("max")[k], channel.Max(), 1e-4);
            }
            foreach (var (index, value) in Numbers("index").Zip(Numbers("value"))) Assert.Equal(value, prepared.Voxels[(int)index], 1e-4);
            float[] classes = SegmentationPreprocessor.PrepareLabel(label, prepared);
            Assert.Equal(Numbers("label"), Enumerable.Range(0, 3).Select(k => (double)classes.Count(v => v == k)));

            double[] Numbers(string name) => [.. c.GetProperty(name).EnumerateArray().Select(v => v.GetDouble())];
        }
    }
}
