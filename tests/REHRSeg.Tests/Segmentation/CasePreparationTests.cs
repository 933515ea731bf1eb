using REHRSeg.Imaging;
using REHRSeg.Onnx;

namespace REHRSeg.Tests.Segmentation;

public class CasePreparationTests
{
    static readonly SegmentationModelInfo Info = new() { Factor = 4, Patch = new(8, 16, 16), Divisor = new(1, 8, 8), TargetSpacing = [4, 1, 1], Labels = [new(0, "background"), new(1, "a"), new(7, "b")] };

    [Fact]
    public void Pseudo_pairs_come_out_slice_first_on_one_grid()
    {
        var data = EllipsoidData.Dataset(1, pseudo: true, SliceAxis.X);
        var preparation = new CasePreparation(Info, (0.0, 1.0), 3);
        var cases = preparation.Pseudo(data.Pseudo, default);
        Assert.Equal(4, cases.Length);
        Assert.Equal([10, 9, 9, 9], cases.Select(c => c.Shape.Depth));
        foreach (var (c, s) in cases.Zip(data.Pseudo))
        {
            Assert.Equal((32, 32), (c.Shape.Height, c.Shape.Width));
            Assert.Equal(4 * c.Label.Length, c.HrLabel!.Length);
            Assert.Equal(0, c.Image.Average(), 2);
            var hr = s.HrLabel.SwapAxes(SliceAxis.X, SliceAxis.Z);
            Assert.Equal(hr.Voxels.ToArray().Select(v => (byte)v), c.HrLabel);
            float low = s.Image.Voxels.ToArray().Min(), high = s.Image.Voxels.ToArray().Max();
            var image = s.Image.SwapAxes(SliceAxis.X, SliceAxis.Z).Voxels;
            for (int i = 0; i < c.Image.Length; i += 97)
                Assert.Equal((image[i] - low) / (high - low), c.UnitRanges[0].Scale * c.Image[i] + c.UnitRanges[0].Offset, 4);
            Assert.Single(c.Foreground);
            Assert.All(c.Foreground[0], v => Assert.Equal(1, c.Label[v]));
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_teacher_sees_a_patch_in_the_range_that_it_was_trained_on(bool pseudo)
    {
        var data = EllipsoidData.Dataset(1, pseudo: true);
        (double, double) quantiles = (0.01, 0.99);
        var preparation = new CasePreparation(Info, quantiles, 3);
        var c = pseudo ? preparation.Pseudo(data.Pseudo, default)[1] : preparation.Real(data.Real, _ => SliceAxis.Z, default)[0];
        var image = (pseudo ? data.Pseudo[1].Image : data.Real[0].Image).Voxels;
        var batch = new SegmentationBatch([PatchExtractor.Extract(c, default, c.Shape, SpatialMap.Identity)]);
        var range = IntensityRange.Measure(image, quantiles);
        Assert.Equal(image.Length, batch.Unit!.Length);
        for (int i = 0; i < image.Length; i++) Assert.Equal(Math.Clamp(range.Normalise(image[i]), 0, 1), batch.Unit[i], 2e-6);
        Assert.Contains(batch.Unit, v => v == 0);
        Assert.Contains(batch.Unit, v => v == 1);
    }

    [Fact]
    public void In_plane_resampling_keeps_the_factor()
    {
        var data = EllipsoidData.Dataset(1, pseudo: true);
        var preparation = new CasePreparation(Info with { TargetSpacing = [4, 0.8, 0.8] }, null, 3);
        var c = preparation.Pseudo([data.Pseudo[0]], default)[0];
        Assert.Equal(new PatchShape(10, 40, 40), c.Shape);
        Assert.Equal(40 * 40 * 40, c.HrLabel!.Length);
        Assert.InRange(c.HrLabel.Sum(v => v) / (4.0 * c.Label.Sum(v => v)), 0.93, 1.07);
        Assert.Empty(c.UnitRanges);
    }

    [Fact]
    public void Unnamed_labels_are_refused()
    {
        var data = EllipsoidData.Dataset(1, pseudo: false);
        var preparation = new CasePreparation(Info with { Labels = [new(0, "background"), new(2, "b")] }, null, 3);
        var e = Assert.Throws<DatasetException>(() => preparation.Real(data.Real, _ => SliceAxis.Z, default));
        Assert.Contains("case_0", e.Message);
        Assert.Contains("value 1", e.Message);
    }
}
