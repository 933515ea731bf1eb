using Microsoft.ML;
using REHRSeg.Imaging;
using REHRSeg.Onnx;

namespace REHRSeg.Tests.SelfSuperResolution;

/// <summary>Slices whose spacing is no multiple of the in-plane spacing, and slices that are not as thick as their spacing.</summary>
public class SliceGeometryTests
{
    /// <summary>Textured ellipsoids, the same in mm on every grid: thin slices of 0.925 mm, 1 mm in plane, and the thick ones of 3.7 mm made from them.</summary>
    static (TrainingCase Thick, MLVolume Truth) Phantom(int seed)
    {
        var random = new Random(seed);
        var geometry = new VolumeGeometry([30, 28, 40], [1, 1, 0.925], [3, -4, 5]);
        double cx = 14 + 2 * random.NextDouble(), cy = 13 + 2 * random.NextDouble(), cz = 17 + 2 * random.NextDouble(), phase = 6 * random.NextDouble();
        var (image, label) = (new float[geometry.VoxelCount], new float[geometry.VoxelCount]);
        for (int z = 0, at = 0; z < 40; z++)
            for (int y = 0; y < 28; y++)
                for (int x = 0; x < 30; x++, at++)
                {
                    double mm = 0.925 * z, d = Math.Pow((x - cx) / 9, 2) + Math.Pow((y - cy) / 8, 2) + Math.Pow((mm - cz) / 11, 2);
                    label[at] = d < 1 ? 1 : 0;
                    image[at] = (float)(300 + (d < 1 ? 350 : 0) + 90 * Math.Sin(0.55 * x + phase) * Math.Sin(0.5 * y) + 90 * Math.Sin(0.6 * mm + phase) * Math.Cos(0.45 * x));
                }
        MLVolume thin = new(geometry, image), thinLabel = new(geometry, label);
        return (new($"case_{seed}", ThickSliceSimulator.Image(thin, SliceAxis.Z, SliceProfile.Gaussian(4)), ThickSliceSimulator.Label(thinLabel, SliceAxis.Z, 4)), thin);
    }

    [Fact]
    public void ARatioOf3Point7IsRefinedByFourOnTheExactGrid()
    {
        var cases = Enumerable.Range(0, 3).Select(i => Phantom(i).Thick).ToArray();
        var log = new List<string>();
        var options = SelfSrTrainerTests.Tiny with { Residual = true, Iterations = 120, ValidationInterval = 0 };
        using var model = SelfSrTrainer.Train(cases, options, SelfSrTrainerTests.Context() with { Log = log.Add });
        Assert.Equal(4, model.Info.Factor);
        Assert.Contains(log, l => l.Contains("3 of 3 cases", StringComparison.Ordinal));

        var (held, truth) = Phantom(77);
        Assert.Equal(3.7, held.Image.Geometry.Spacing[2], 1e-9);
        var thin = model.Apply(held.Image, held.Label);
        Assert.Null(thin.Image.Geometry.DescribeDifference(truth.Geometry));
        Assert.Equal(40, thin.Image.Depth);
        double mine = Metrics.Psnr(thin.Image, truth), linear = Metrics.Psnr(Resampler.RefineImage(held.Image, SliceAxis.Z, 4, 1), truth);
        Assert.True(mine > linear + 0.5, $"PSNR {mine:0.00} against {linear:0.00} of linear interpolation");

        var ramp = new MLVolume(held.Image.Geometry, Enumerable.Range(0, held.Image.Voxels.Length).Select(i => 100f + 50 * (i / (30 * 28))).ToArray());
        var thinRamp = model.Apply(ramp, null, consistency: SliceConsistency.None).Image;
        for (int k = 8; k < 32; k++)
        {
            double mean = thinRamp.Voxels.Slice(k * 30 * 28, 30 * 28).ToArray().Average();
            Assert.Equal(100 + 50 * ((k + 0.5) / 4 - 0.5), mean, 12.5); // a quarter of a thick slice
        }
    }

    /// <summary>Samples of a case of ratio 3.7 have the spacings that windows have in application: c/4 along slices, the voxels' own in plane.</summary>
    [Fact]
    public void TrainingSamplesAreSpacedAsInApplication()
    {
        // A ramp in mm along each axis: slopes per voxel tell the spacing.
        var geometry = new VolumeGeometry([40, 44, 12], [1, 1, 3.7]);
        var info = new SelfSrModelInfo { Factor = 4, Labels = [new(0, "background"), new(1, "a")], RobustRange = (0, 1) };
        foreach (var (axis, slope) in new (SliceAxis, Func<int, double>)[] { (SliceAxis.X, i => i % 40), (SliceAxis.Y, i => i / 40 % 44), (SliceAxis.Z, i => 3.7 * (i / (40 * 44))) })
        {
            var image = new MLVolume(geometry, Enumerable.Range(0, geometry.VoxelCount).Select(i => (float)slope(i)).ToArray());
            double range = image.Voxels.ToArray().Max();
            var seed = SeedVolume.Create(new("ramp", image, new(geometry, new float[geometry.VoxelCount])), SliceAxis.Z, info, SeedMode.SplineNearest);
            foreach (var block in Enum.GetValues<ThickSlicePatchSampler.InPlaneAxis>())
            {
                var sampler = new ThickSlicePatchSampler([seed], info, SliceProfile.Gaussian(4), new SelfSrOptions { PatchSize = 16 });
                var (window, target, label) = (new float[2 * 4 * 256], new float[4 * 256], new byte[4 * 256]);
                sampler.Render(new(0, block, 12, 14, 14, false, false, false, false, false, 0), window, target, label, new float[60 * 256], new byte[16 * 256]);
                double Step(int a, int b, float[] of) => range * (of[b] - of[a]);
                double thick = Step(256 + 120, 2 * 256 + 120, window), thin = Step(120, 256 + 120, target), row = Step(120, 120 + 16, target), column = Step(120, 121, target);
                var (inPlane, other) = block == ThickSlicePatchSampler.InPlaneAxis.X ? (SliceAxis.X, SliceAxis.Y) : (SliceAxis.Y, SliceAxis.X);
                Assert.Equal(axis == inPlane ? 3.7 : 0, thick, 0.05);
                Assert.Equal(axis == inPlane ? 0.925 : 0, thin, 0.03);
                Assert.Equal(axis == SliceAxis.Z ? 1 : 0, row, 0.03);
                Assert.Equal(axis == other ? 1 : 0, column, 0.03);
            }
        }
    }

    [Theory]
    [InlineData(2.0)]
    [InlineData(6.0)]
    public void ThicknessIsTheProfilesWidthInTrainingAndPseudoData(double thickness)
    {
        var ml = new MLContext(seed: 1);
        var data = TinyPhantoms.Data(ml, 1); // 2 mm slices, r = 2
        using var self = ml.Transforms.SelfSuperResolution(TinyPhantoms.SelfSr with { SliceThickness = thickness / 2 }).Fit(data);
        var expected = SliceProfile.Gaussian(2, thickness / 2);
        Assert.Equal(expected.Weights, self.Model.Info.Profile!.Weights);
        var thin = self.Transform(data);
        var pseudo = ml.Transforms.PseudoData().Fit(thin).Transform(thin);
        using var cursor = pseudo.GetRowCursor(pseudo.Schema);
        Assert.True(cursor.MoveNext());
        MLVolume hr = null!, image = null!;
        cursor.GetGetter<MLVolume>(pseudo.Schema["HrImage"])(ref hr);
        cursor.GetGetter<MLVolume>(pseudo.Schema["PseudoImage"])(ref image);
        Assert.Equal(ThickSliceSimulator.Image(hr, SliceAxis.Z, expected).Voxels, image.Voxels);
    }

    [Fact]
    public void AThicknessThatDoesNotGoWithTheSpacingIsRefused()
    {
        var cases = SelfSrTrainerTests.Cases(1); // 4 mm
        foreach (double mm in (double[])[0.3, 17])
        {
            string message = Assert.Throws<ArgumentOutOfRangeException>(() => SelfSrTrainer.Train(cases, SelfSrTrainerTests.Tiny with { SliceThickness = mm }, SelfSrTrainerTests.Context())).Message;
            Assert.Contains("0.1 to 4 times", message);
            Assert.Contains("4 mm", message);
        }
        Assert.Throws<ArgumentException>("SliceThickness", () => new SelfSrOptions { SliceThickness = 0 }.Validate());
        Assert.Throws<ArgumentException>("SliceThickness", () => new SelfSrOptions { SliceThickness = 3, ProfileFwhm = 3 }.Validate());
        Assert.Throws<ArgumentException>("SliceThickness", () => new SelfSrOptions { SliceThickness = 3, Profile = SliceProfileKind.Slr }.Validate());
    }
}
