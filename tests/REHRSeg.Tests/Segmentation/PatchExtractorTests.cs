using REHRSeg.Onnx;

namespace REHRSeg.Tests.Segmentation;

public class PatchExtractorTests
{
    /// <summary>Image = a smooth function, label = where it exceeds 0, thin label = the same function on the thin grid.</summary>
    internal static SegmentationCase Blob(PatchShape shape, int factor, double radius)
    {
        float Value(double z, double y, double x)
        {
            double dz = (z - shape.Depth / 2.0) * 2, dy = y - shape.Height / 2.0, dx = (x - shape.Width / 2.0) * 1.3;
            return (float)(1 - Math.Sqrt(dz * dz + dy * dy + dx * dx) / radius);
        }
        var image = new float[shape.Voxels];
        var hr = new byte[factor * shape.Voxels];
        for (int z = 0, i = 0; z < shape.Depth; z++) for (int y = 0; y < shape.Height; y++) for (int x = 0; x < shape.Width; x++) image[i++] = Value(z, y, x);
        for (int k = 0, i = 0; k < factor * shape.Depth; k++) for (int y = 0; y < shape.Height; y++) for (int x = 0; x < shape.Width; x++) hr[i++] = (byte)(Value((k + 0.5) / factor - 0.5, y, x) > 0 ? 1 : 0);
        byte[] label = [.. image.Select(v => (byte)(v > 0 ? 1 : 0))];
        return new()
        {
            Id = "blob", Shape = shape, Channels = 1, Image = image, Label = label, Factor = factor, HrLabel = hr, Uncertainty = [.. image.Select(v => 0.5f)],
            Foreground = SegmentationCase.FindForeground(label, 2, TrainingSeeds.Random(1, "blob")),
        };
    }

    public static TheoryData<string> Maps => ["plane rotation", "plane zoom", "volume rotation", "volume zoom"];

    [Theory, MemberData(nameof(Maps))]
    public void Labels_move_with_the_image(string name)
    {
        var map = name switch
        {
            "plane rotation" => SpatialMap.OfPlane(0.7, 1),
            "plane zoom" => SpatialMap.OfPlane(-2.5, 0.75),
            "volume rotation" => SpatialMap.OfVolume(0.4, -0.3, 0.5, 1),
            _ => SpatialMap.OfVolume(0.2, 0.1, -0.4, 0.8),
        };
        var source = Blob(new(12, 32, 36), 4, 9);
        var s = PatchExtractor.Extract(source, new(0, 2, 1), new(12, 28, 32), map);
        int differ = 0, foreground = 0, hrForeground = s.HrLabel!.Count(v => v == 1);
        for (int i = 0; i < s.Label.Length; i++)
        {
            foreground += s.Label[i];
            bool within = s.Uncertainty![i] < 0.501f; // else it touches the padding, where the spline rings
            if (Math.Abs(s.Image[i]) > 0.12 && (s.Image[i] > 0 ? 1 : 0) != s.Label[i] && within) differ++;
        }
        Assert.True(foreground > 300, $"{foreground} foreground voxels");
        Assert.True(differ <= foreground / 50, $"{differ} of {foreground} voxels where label and image disagree");
        Assert.InRange(hrForeground / (4.0 * foreground), 0.9, 1.1);
        int hrDiffer = 0;
        int area = 28 * 32;
        for (int z = 0; z < 12; z++)
            for (int i = 0; i < area; i++)
                if (Math.Abs(s.Image[z * area + i]) > 0.25 && s.Uncertainty![z * area + i] < 0.501f)
                    for (int k = 0; k < 4; k++) if (s.HrLabel![(4 * z + k) * area + i] != s.Label[z * area + i]) hrDiffer++;
        Assert.True(hrDiffer <= hrForeground / 50, $"{hrDiffer} of {hrForeground} thin voxels disagree");
    }

    [Fact]
    public void A_quarter_turn_is_exact()
    {
        var source = Blob(new(3, 9, 9), 2, 6);
        var s = PatchExtractor.Extract(source, new(0, 0, 0), new(3, 9, 9), SpatialMap.OfPlane(Math.PI / 2, 1));
        for (int z = 0; z < 3; z++)
            for (int y = 0; y < 9; y++)
                for (int x = 0; x < 9; x++)
                {
                    int from = (z * 9 + 8 - x) * 9 + y, to = (z * 9 + y) * 9 + x;
                    Assert.Equal(source.Image[from], s.Image[to], 4);
                    Assert.Equal(source.Label[from], s.Label[to]);
                    Assert.Equal(source.HrLabel![((2 * z + 1) * 9 + 8 - x) * 9 + y], s.HrLabel![((2 * z + 1) * 9 + y) * 9 + x]);
                }
    }

    [Fact]
    public void Outside_is_zero_background_and_uncertain()
    {
        var source = Blob(new(4, 8, 8), 2, 30);
        var s = PatchExtractor.Extract(source, new(-1, -2, 3), new(6, 12, 8), SpatialMap.Identity);
        int At(int z, int y, int x) => (z * 12 + y) * 8 + x;
        Assert.Equal((0f, 0, 1f), (s.Image[At(0, 5, 2)], s.Label[At(0, 5, 2)], s.Uncertainty![At(0, 5, 2)]));
        Assert.Equal((0f, 0, 1f), (s.Image[At(2, 5, 5)], s.Label[At(2, 5, 5)], s.Uncertainty[At(2, 5, 5)]));
        Assert.Equal((source.Image[(1 * 8 + 3) * 8 + 5], 1, 0.5f), (s.Image[At(2, 5, 2)], s.Label[At(2, 5, 2)], s.Uncertainty[At(2, 5, 2)]));
        Assert.Equal(0, s.HrLabel![(1 * 12 + 5) * 8 + 2]);
        Assert.Equal(1, s.HrLabel[(2 * 12 + 5) * 8 + 2]);
    }

    [Fact]
    public void Cubic_reproduces_a_ramp_between_voxels()
    {
        var shape = new PatchShape(4, 40, 40);
        float[] ramp = [.. Enumerable.Range(0, shape.Voxels).Select(i => (float)(i % 40 + 0.5 * (i / 40 % 40)))];
        var source = new SegmentationCase { Id = "ramp", Shape = shape, Channels = 1, Image = ramp, Label = new byte[shape.Voxels], Factor = 2, Foreground = [] };
        var s = PatchExtractor.Extract(source, new(0, 17, 17), new(4, 6, 6), SpatialMap.OfPlane(0.3, 0.9));
        var (sin, cos) = Math.SinCos(0.3);
        double y = 0.9 * (cos * -1.5 - sin * 0.5), x = 0.9 * (sin * -1.5 + cos * 0.5);
        Assert.Equal(x + 19.5 + 0.5 * (y + 19.5), s.Image[1 * 6 + 3], 4);
    }
}
