using static REHRSeg.Imaging.Tests.NumericsOracle;

namespace REHRSeg.Imaging.Tests;

public class LabelInterpolationTests
{
    [Fact]
    public void SignedDistanceOfOneClassEqualsScipy()
    {
        var thick = FromFunction(new([19, 21, 4], [1.3, 0.7, 5]), (z, y, x) => InBlob(0, y, x, (0, 9 + z, 8), (1, 7 - z, 4 + z)) ? 1 : 0);
        AssertSampled(Get("signedDistance"), LabelInterpolation.SignedDistance(thick, SliceAxis.Z, 4), 1e-6);
    }

    [Theory]
    [InlineData(SliceAxis.X)]
    [InlineData(SliceAxis.Y)]
    [InlineData(SliceAxis.Z)]
    public void NearestRepeatsEachSlice(SliceAxis axis)
    {
        var thick = Labels();
        var thin = LabelInterpolation.Nearest(thick, axis, 3);
        Assert.Equal(thick.Geometry.Refine(3, axis), thin.Geometry);
        MLVolume a = thick.SwapAxes(axis, SliceAxis.Z), b = thin.SwapAxes(axis, SliceAxis.Z);
        for (int z = 0; z < b.Depth; z++)
            for (int y = 0; y < b.Height; y++)
                for (int x = 0; x < b.Width; x++) Assert.Equal(a[z / 3, y, x], b[z, y, x]);
    }

    [Theory]
    [InlineData(SliceAxis.X)]
    [InlineData(SliceAxis.Y)]
    [InlineData(SliceAxis.Z)]
    public void OddFactorsKeepTheThickSlicesAtTheirCentres(SliceAxis axis)
    {
        var thick = Labels();
        var thin = LabelInterpolation.SignedDistance(thick, axis, 5);
        Assert.Equal(thick.Geometry.Refine(5, axis), thin.Geometry);
        MLVolume a = thick.SwapAxes(axis, SliceAxis.Z), b = thin.SwapAxes(axis, SliceAxis.Z);
        for (int z = 0; z < a.Depth; z++)
            for (int y = 0; y < a.Height; y++)
                for (int x = 0; x < a.Width; x++) Assert.Equal(a[z, y, x], b[5 * z + 2, y, x]);
    }

    [Fact]
    public void ClassThatEndsTapersAndIsGoneHalfway()
    {
        var thick = FromFunction(new([21, 21, 2], [1, 1, 8]), (z, y, x) => z == 0 && InBlob(0, y, x, (0, 10, 10), (1, 8, 8)) ? 1 : 0);
        var thin = LabelInterpolation.SignedDistance(thick, SliceAxis.Z, 8);
        float[] areas = [.. Enumerable.Range(0, 16).Select(z => thin.Voxels.Slice(z * 441, 441).ToArray().Sum())];
        Assert.All(areas[..4], a => Assert.Equal(areas[0], a));
        for (int z = 5; z < 8; z++) Assert.True(areas[z] < areas[z - 1] && areas[z] > 0, $"slice {z}: {areas[z]} after {areas[z - 1]}");
        Assert.All(areas[8..], a => Assert.Equal(0, a));
    }

    [Fact]
    public void TouchingClassesLeaveNoGap()
    {
        // The boundary between 1 and 2 moves from x = 8 to x = 14 in a field without background.
        var thick = FromFunction(new([20, 6, 2], [1, 1, 4]), (z, y, x) => x < (z == 0 ? 8 : 14) ? 1 : 2);
        var thin = LabelInterpolation.SignedDistance(thick, SliceAxis.Z, 4);
        Assert.DoesNotContain(0, thin.Voxels.ToArray());
        for (int z = 1; z < 8; z++) Assert.True(Ones(z) >= Ones(z - 1));
        int Ones(int z) => thin.Voxels.Slice(z * 120, 20).ToArray().Count(v => v == 1);
        Assert.Equal((8, 14), (Ones(0), Ones(7)));
        Assert.InRange(Ones(3), 9, 11);
    }

    [Fact]
    public void FullAndEmptySlicesStayWhatTheyAre()
    {
        var geometry = new VolumeGeometry([5, 5, 3], [1, 1, 4]);
        Assert.All(LabelInterpolation.SignedDistance(FromFunction(geometry, (_, _, _) => 0), SliceAxis.Z, 2).Voxels.ToArray(), v => Assert.Equal(0, v));
        Assert.All(LabelInterpolation.SignedDistance(FromFunction(geometry, (_, _, _) => 4), SliceAxis.Z, 2).Voxels.ToArray(), v => Assert.Equal(4, v));
        var half = LabelInterpolation.SignedDistance(FromFunction(geometry, (z, _, _) => z == 0 ? 4 : 0), SliceAxis.Z, 2);
        for (int z = 0; z < 6; z++) Assert.Equal(z < 2 ? 4 : 0, half[z, 2, 2]);
    }

    [Fact]
    public void ShapeInterpolationBeatsNearestOnASmoothBody()
    {
        var phantom = PhantomGenerator.Generate(3, anatomy: PhantomAnatomy.Oblong);
        var thick = ThickSliceSimulator.Label(phantom.Label, SliceAxis.Z, 4);
        foreach (int label in (int[])[1, 2])
        {
            double nearest = Metrics.Dice(LabelInterpolation.Nearest(thick, SliceAxis.Z, 4), phantom.Label, label);
            double shape = Metrics.Dice(LabelInterpolation.SignedDistance(thick, SliceAxis.Z, 4), phantom.Label, label);
            Assert.True(shape > nearest && nearest > 0.7, $"label {label}: shape {shape}, nearest {nearest}");
        }
    }
}
