using static REHRSeg.Imaging.Tests.NumericsOracle;

namespace REHRSeg.Imaging.Tests;

public class ThickSliceSimulatorTests
{
    [Fact]
    public void ImageEqualsTheConvolutionAtTheBlocks()
    {
        var line = new MLVolume(new VolumeGeometry([1, 1, 18], [1, 1, 1]), Noise(5, 18));
        var thick = ThickSliceSimulator.Image(line, SliceAxis.Z, SliceProfile.Gaussian(4), 1);
        double[] expected = Numbers(Get("thickLine"));
        Assert.Equal(expected.Length, thick.Depth);
        for (int j = 0; j < expected.Length; j++) Assert.Equal(expected[j], thick.Voxels[j], 1e-6);
    }

    [Theory]
    [InlineData(SliceAxis.X, 4, 0, "gaussian")]
    [InlineData(SliceAxis.Y, 3, 2, "gaussian")]
    [InlineData(SliceAxis.Z, 2, 1, "slr")]
    [InlineData(SliceAxis.Y, 4, 3, "slr")]
    public void RampPassesThereAndBackInPhysicalSpace(SliceAxis axis, int factor, int start, string profile)
    {
        int[] size = [5, 6, 7];
        size[(int)axis] = 128;
        // The ramp is the physical coordinate along the slice axis on an oblique, shifted grid.
        var geometry = new VolumeGeometry(size, [0.7, 0.9, 1.3], [3, -5, 11], [0.8, -0.6, 0, 0.6, 0.8, 0, 0, 0, 1]);
        double Coordinate(VolumeGeometry g, int z, int y, int x)
        {
            var (px, py, pz) = g.ToPhysical(x, y, z);
            return g.Direction[(int)axis] * px + g.Direction[3 + (int)axis] * py + g.Direction[6 + (int)axis] * pz;
        }
        var thin = FromFunction(geometry, (z, y, x) => (float)Coordinate(geometry, z, y, x));
        var thick = ThickSliceSimulator.Image(thin, axis, profile == "slr" ? SliceProfile.Slr(factor) : SliceProfile.Gaussian(factor), start);
        AssertRamp(thick, 2, 1e-4);
        var refined = Resampler.RefineImage(thick, axis, factor);
        AssertRamp(refined, 8 * factor, 2e-3);
        var truth = ThickSliceSimulator.ThinTruth(thin, axis, factor, start);
        Assert.True(truth.Geometry.IsSameGrid(refined.Geometry), truth.Geometry.DescribeDifference(refined.Geometry));
        AssertRamp(truth, 0, 1e-4);

        void AssertRamp(MLVolume volume, int margin, double tolerance)
        {
            int slices = volume.Geometry.Size[(int)axis], seen = 0;
            for (int z = 0; z < volume.Depth; z++)
                for (int y = 0; y < volume.Height; y++)
                    for (int x = 0; x < volume.Width; x++)
                    {
                        int slice = axis switch { SliceAxis.X => x, SliceAxis.Y => y, _ => z };
                        if (slice < margin || slice >= slices - margin) continue;
                        Assert.Equal(Coordinate(volume.Geometry, z, y, x), volume[z, y, x], tolerance);
                        seen++;
                    }
            Assert.True(seen > 0);
        }
    }

    [Theory]
    [InlineData(new float[] { 1, 1, 2, 2 }, 1)]
    [InlineData(new float[] { 1, 2, 2, 1 }, 2)]
    [InlineData(new float[] { 0, 1, 2, 0 }, 0)]
    [InlineData(new float[] { 3, 0, 2, 1 }, 0)]
    [InlineData(new float[] { 0, 2, 2, 2 }, 2)]
    [InlineData(new float[] { 5, 7 }, 5)]
    [InlineData(new float[] { 1, 1, 2, 2, 3 }, 2)]
    public void LabelIsTheMajorityAndTiesGoToTheLowerCentre(float[] block, float expected)
    {
        var thin = new MLVolume(new VolumeGeometry([1, block.Length, 1], [1, 1, 1]), block);
        Assert.Equal([expected], ThickSliceSimulator.Label(thin, SliceAxis.Y, block.Length).Voxels.ToArray());
    }

    [Theory]
    [InlineData(SliceAxis.X)]
    [InlineData(SliceAxis.Y)]
    public void EveryAxisGivesWhatTheSliceAxisGives(SliceAxis axis)
    {
        MLVolume image = NoiseVolume(3, 14, 13, 15), label = Labels(), turned = image.SwapAxes(axis, SliceAxis.Z);
        var profile = SliceProfile.Gaussian(3);
        AssertSame(ThickSliceSimulator.Image(turned, SliceAxis.Z, profile, 1), ThickSliceSimulator.Image(image, axis, profile, 1));
        AssertSame(ThickSliceSimulator.Label(label.SwapAxes(axis, SliceAxis.Z), SliceAxis.Z, 3, 1), ThickSliceSimulator.Label(label, axis, 3, 1));
        AssertSame(ThickSliceSimulator.ThinTruth(turned, SliceAxis.Z, 3, 1), ThickSliceSimulator.ThinTruth(image, axis, 3, 1));

        void AssertSame(MLVolume slices, MLVolume direct)
        {
            Assert.Equal(slices.SwapAxes(axis, SliceAxis.Z).Geometry, direct.Geometry);
            foreach (var (a, b) in slices.SwapAxes(axis, SliceAxis.Z).Voxels.ToArray().Zip(direct.Voxels.ToArray())) Assert.Equal(a, b, 1e-6f);
        }
    }

    [Fact]
    public void TooFewSlicesAreRefused() =>
        Assert.Throws<ArgumentException>(() => ThickSliceSimulator.Image(NoiseVolume(1, 5, 4, 4), SliceAxis.Z, SliceProfile.Gaussian(4), 2));
}
