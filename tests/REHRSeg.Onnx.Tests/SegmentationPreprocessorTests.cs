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
}
