using REHRSeg.Imaging;

namespace REHRSeg.Onnx.Tests;

public class SegmentationPreprocessorTests
{
    static MLVolume Ball()
    {
        var geometry = new VolumeGeometry([11, 9, 7], [1, 1, 4]);
        var voxels = new float[geometry.VoxelCount];
        for (int z = 0, i = 0; z < 7; z++)
            for (int y = 0; y < 9; y++)
                for (int x = 0; x < 11; x++, i++)
                    if ((z - 3) * (z - 3) + (y - 4) * (y - 4) + (x - 5) * (x - 5) <= 10) voxels[i] = 100 + 3 * z + 2 * y + x;
        voxels[(3 * 9 + 4) * 11 + 5] = voxels[(3 * 9 + 4) * 11 + 6] = 0;
        voxels[0] = voxels[^1] = 50;
        return new(geometry, voxels);
    }

    [Fact]
    public void ZScoreInsideTheFilledMaskEqualsNumpy()
    {
        var oracle = TileAxisTests.Oracle("mask");
        var info = PointwiseModel.Info(new(4, 8, 8));
        var inside = SegmentationPreprocessor.Prepare(Ball(), info with { NormaliseInsideNonzero = true });
        Assert.Equal(oracle.GetProperty("mean").GetDouble(), inside.Mean[0], 1e-5);
        Assert.Equal(oracle.GetProperty("std").GetDouble(), inside.StandardDeviation[0], 1e-5);
        Assert.Equal(7 * 9 * 11 - oracle.GetProperty("count").GetInt32(), inside.Voxels.Count(v => v == 0));

        var whole = SegmentationPreprocessor.Prepare(Ball(), info);
        Assert.Equal(oracle.GetProperty("whole_mean").GetDouble(), whole.Mean[0], 1e-5);
        Assert.Equal(oracle.GetProperty("whole_std").GetDouble(), whole.StandardDeviation[0], 1e-5);
        Assert.Equal(0, whole.Voxels.Average(v => (double)v), 1e-6);
    }

    [Fact]
    public void AnEmptyImageIsKeptWhole()
    {
        var prepared = SegmentationPreprocessor.Prepare(new(new VolumeGeometry([3, 4, 5], [1, 1, 4]), new float[60]), PointwiseModel.Info(new(4, 8, 8)));
        Assert.Equal(new PatchShape(5, 4, 3), prepared.Shape);
        Assert.All(prepared.Voxels, v => Assert.Equal(0, v));
    }

    [Fact]
    public void LabelsAreCroppedLikeTheImageAtBothResolutions()
    {
        var geometry = new VolumeGeometry([4, 5, 6], [1, 1, 4]);
        var voxels = new float[120];
        voxels[(2 * 5 + 1) * 4 + 1] = voxels[(4 * 5 + 3) * 4 + 2] = 9;
        var prepared = SegmentationPreprocessor.Prepare(new(geometry, voxels), PointwiseModel.Info(new(4, 8, 8)));
        Assert.Equal(new VoxelBox(2, 1, 1, new(3, 3, 2)), prepared.Box);
        var thin = geometry.Refine(4, SliceAxis.Z);
        var label = new MLVolume(thin, Enumerable.Range(0, thin.VoxelCount).Select(i => (float)(i / 20)).ToArray());
        Assert.Equal(Enumerable.Range(8, 12).SelectMany(z => Enumerable.Repeat((float)z, 6)), SegmentationPreprocessor.PrepareLabel(label, prepared, 4));
        Assert.Throws<GeometryMismatchException>(() => SegmentationPreprocessor.PrepareLabel(label, prepared));
    }

    [Fact]
    public void ResamplingEqualsScipyAndComesBack()
    {
        foreach (var c in TileAxisTests.Oracle("cases", "preprocessing.json").EnumerateArray())
        {
            double[] spacing = [.. c.GetProperty("spacing").EnumerateArray().Select(e => e.GetDouble())], target = [.. c.GetProperty("target").EnumerateArray().Select(e => e.GetDouble())];
            int[] shape = [.. c.GetProperty("shape").EnumerateArray().Select(e => e.GetInt32())];
            var geometry = new VolumeGeometry([8, 9, 5], [spacing[2], spacing[1], spacing[0]]);
            var voxels = Enumerable.Range(0, 360).Select(i => (z: i / 72, y: i / 8 % 9, x: i % 8)).Select(p => (float)(20 + Math.Sin(p.z) * 3 + Math.Cos(0.7 * p.y) * 5 + 0.5 * p.x + 0.1 * p.x * p.y)).ToArray();
            var prepared = SegmentationPreprocessor.Prepare(new(geometry, voxels), PointwiseModel.Info(new(4, 8, 8), 4, 1, target));
            Assert.Equal(new PatchShape(shape[0], shape[1], shape[2]), prepared.Shape);
            foreach (var (index, value) in c.GetProperty("index").EnumerateArray().Zip(c.GetProperty("value").EnumerateArray()))
                Assert.Equal(value.GetDouble(), prepared.Voxels[index.GetInt32()], 1e-4);

            // Probabilities that are linear in-plane come back to the voxels' own positions, away from the clamped border.
            foreach (int factor in new[] { 1, 4 })
            {
                var there = new float[2 * factor * prepared.Shape.Voxels];
                for (int i = 0, n = there.Length / 2; i < n; i++)
                {
                    double x = (i % shape[2] + 0.5) * 8 / shape[2] - 0.5;
                    (there[i], there[n + i]) = ((float)(1 - x / 10), (float)(x / 10));
                }
                var back = Restore(there, prepared, factor);
                Assert.Equal(2 * factor * 360, back.Length);
                for (int i = 0; i < factor * 360; i++)
                    if (i % 8 is > 0 and < 7) Assert.Equal(i % 8 / 10.0, back[factor * 360 + i], 1e-5);
            }
        }
    }

    [Fact]
    public void LabelsAndMapsFollowTheImageToTheTargetSpacing()
    {
        var geometry = new VolumeGeometry([8, 8, 4], [1, 1, 4]);
        var prepared = SegmentationPreprocessor.Prepare(new(geometry, Enumerable.Range(1, 256).Select(i => (float)i).ToArray()), PointwiseModel.Info(new(4, 8, 8), 4, 1, 4, 0.5, 0.5));
        var halves = Enumerable.Range(0, 256).Select(i => i % 8 < 4 ? 0f : 5f).ToArray();
        var label = SegmentationPreprocessor.PrepareLabel(new(geometry, halves), prepared);
        Assert.Equal(Enumerable.Range(0, 4 * 16 * 16).Select(i => i % 16 < 8 ? 0f : 5f), label);
        var map = SegmentationPreprocessor.PrepareMap(new(geometry.Refine(4, SliceAxis.Z), Enumerable.Repeat(0.25f, 1024).ToArray()), prepared, 4);
        Assert.Equal(16 * 16 * 16, map.Length);
        Assert.All(map, v => Assert.Equal(0.25f, v, 1e-6f));
    }

    [Fact]
    public void ASingleSliceNetworkKeepsTheSliceSpacing()
    {
        var planar = PointwiseModel.Info(new(1, 8, 8), 4, 1, 1, 2, 0.5);
        var prepared = SegmentationPreprocessor.Prepare(Ball(), planar);
        Assert.Equal(new PatchShape(7, 4, 22), prepared.Shape);
    }

    static float[] Restore(float[] probabilities, PreparedVolume prepared, int factor)
    {
        var restorer = new SliceRestorer(prepared, 2, factor);
        int plane = prepared.Shape.Height * prepared.Shape.Width * factor, added = 0, size = restorer.Length / 2;
        var (slice, result) = (new float[2 * plane], new float[restorer.Length * prepared.Geometry.Depth]);
        var block = new float[restorer.Length];
        restorer.Clear(block);
        for (int z = 0; z < prepared.Geometry.Depth; z++)
        {
            for (; !restorer.IsReady(z); added++)
            {
                for (int k = 0; k < 2; k++) probabilities.AsSpan((k * prepared.Shape.Depth + added) * plane, plane).CopyTo(slice.AsSpan(k * plane));
                restorer.Add(slice);
            }
            restorer.Write(z, block);
            for (int k = 0; k < 2; k++) block.AsSpan(k * size, size).CopyTo(result.AsSpan((k * prepared.Geometry.Depth + z) * size));
        }
        return result;
    }
}
