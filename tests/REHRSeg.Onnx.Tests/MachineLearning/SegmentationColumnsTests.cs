using REHRSeg.Imaging;

namespace REHRSeg.Onnx.Tests;

public class SegmentationColumnsTests
{
    static readonly MLVolume[] Volumes = [.. Enumerable.Range(0, 4).Select(i => new MLVolume(new([1, 1, 1], [1, 1, 1]), new float[] { i }))];

    static SegmentationResult Result(SegmentationRequest r) => new(r.Lr ? Volumes[0] : null, r.Hr ? Volumes[1] : null, r is { Lr: true, Probabilities: true } ? Volumes[2] : null, r is { Hr: true, Probabilities: true } ? Volumes[3] : null);

    [Theory]
    [InlineData(new[] { true, false, false }, true, false, false)]
    [InlineData(new[] { false, true, false }, false, true, false)]
    [InlineData(new[] { true, true, false }, true, true, false)]
    [InlineData(new[] { false, false, true }, false, true, true)]
    public void Only_what_the_wanted_columns_need_is_computed(bool[] wanted, bool lr, bool hr, bool probabilities)
    {
        var columns = new SegmentationColumns("Image", "A", "B", null, "D");
        SegmentationRequest? asked = null;
        var row = columns.MakeRowFunction(wanted, new() { Mirror = false, BatchSize = 5 }, () => Volumes[0], (_, request) => Result(asked = request))();
        Assert.Equal(new SegmentationRequest { Lr = lr, Hr = hr, Probabilities = probabilities, Mirror = false, BatchSize = 5 }, asked);
        int[] part = [0, 1, 3];
        for (int i = 0; i < 3; i++) Assert.Same(wanted[i] ? Volumes[part[i]] : null, row[i]);
    }

    [Fact]
    public void Uncertainty_is_computed_for_its_columns()
    {
        var columns = new SegmentationColumns("Image", "A", null, null, null, null, "U");
        SegmentationRequest? asked = null;
        var row = columns.MakeRowFunction([false, true], new(), () => Volumes[0], (_, request) => new(null, Volumes[1], null, null) { HrUncertainty = Volumes[(asked = request).Uncertainty ? 2 : 0] })();
        Assert.Equal(new SegmentationRequest { Lr = false, Uncertainty = true }, asked);
        Assert.Same(Volumes[2], row[1]);
        Assert.Equal(["A"], columns.For(thin: false).Added);
    }

    [Fact]
    public void Names_of_version_1_are_read()
    {
        using var stream = new MemoryStream();
        var writer = new BinaryWriter(stream);
        foreach (string name in new[] { "Image", "A", "", "P", "" }) writer.Write(name);
        stream.Position = 0;
        Assert.Equal(new SegmentationColumns("Image", "A", null, "P", null), SegmentationColumns.Read(new BinaryReader(stream), version1: true));
        Assert.Equal(stream.Length, stream.Position);
    }

    [Fact]
    public void Names_survive_writing()
    {
        var columns = new SegmentationColumns("Image", null, "Hr", "P", null, null, "U");
        using var stream = new MemoryStream();
        columns.Write(new BinaryWriter(stream));
        stream.Position = 0;
        Assert.Equal(columns, SegmentationColumns.Read(new BinaryReader(stream)));
        Assert.Equal(["Hr", "P", "U"], columns.Added);
    }

    [Fact]
    public void Faulty_names_are_refused()
    {
        Assert.Throws<ArgumentException>(() => new SegmentationColumns("Image", null, null, null, null).Check());
        Assert.Throws<ArgumentException>(() => new SegmentationColumns("Image", "X", "X", null, null).Check());
        Assert.Throws<ArgumentException>(() => new SegmentationColumns("", "X", "Y", null, null).Check());
    }
}
