using System.Text.Json;
using static REHRSeg.Imaging.Tests.NumericsOracle;

namespace REHRSeg.Imaging.Tests;

/// <summary>Against scipy.ndimage and scikit-image (tests/oracles/resampling.py).</summary>
public class ResampleOntoGridTests
{
    static readonly JsonElement s_oracle = JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "oracles", "resampling.json"))).RootElement;

    static JsonElement Oracle(params ReadOnlySpan<string> path)
    {
        var element = s_oracle;
        foreach (string name in path) element = element.GetProperty(name);
        return element;
    }

    static VolumeGeometry Grid(JsonElement json) =>
        new([.. Numbers(json.GetProperty("size")).Select(v => (int)v)], Numbers(json.GetProperty("spacing")), Numbers(json.GetProperty("origin")), Numbers(json.GetProperty("direction")));

    static MLVolume Source() => new(Grid(Oracle("source")), Noise(1, 7 * 10 * 9));

    public static TheoryData<string, int> Cases()
    {
        var cases = new TheoryData<string, int>();
        foreach (var target in s_oracle.GetProperty("targets").EnumerateObject())
            foreach (int order in (int[])[0, 1, 3]) cases.Add(target.Name, order);
        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void AnyGridEqualsMapCoordinates(string target, int order)
    {
        var grid = Grid(Oracle("targets", target));
        AssertSampled(Oracle("replicate", target, $"{order}"), Resampler.OntoGrid(Source(), grid, order, OutsideRule.Replicate), 1e-5);
        var filled = Resampler.OntoGrid(Source(), grid, order, OutsideRule.Fill, -2.5f);
        AssertSampled(Oracle("fill", target, $"{order}"), filled, 1e-5);
        Assert.Equal(grid, filled.Geometry);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3)]
    public void OneSliceOntoAnyGridEqualsMapCoordinates(int order) =>
        AssertSampled(Oracle("planeReplicate", $"{order}"), Resampler.OntoGrid(new(Grid(Oracle("plane")), Noise(7, 30)), Grid(Oracle("across")), order, OutsideRule.Replicate), 1e-5);

    [Fact]
    public void LabelsOntoAnyGridEqualScipy()
    {
        var target = Grid(Oracle("labelTarget"));
        AssertSampled(Oracle("labelsNearest"), Resampler.LabelsOntoGrid(Labels(), target, 0, OutsideRule.Fill, 9), 1e-8);
        AssertSampled(Oracle("labelsArgmax"), Resampler.LabelsOntoGrid(Labels(), target, 1, OutsideRule.Fill, 9), 1e-8);
    }

    [Fact]
    public void ArgmaxOfResizedLabelsEqualsScipy()
    {
        var labels = Resampler.ResizeLabels(Labels(), [23, 12, 14], decision: LabelDecision.Argmax);
        AssertSampled(Oracle("resizeArgmax"), labels, 1e-8);
        Assert.NotEqual(Resampler.ResizeLabels(Labels(), [23, 12, 14]).Voxels.ToArray(), labels.Voxels.ToArray());
    }

    [Fact]
    public void EqualSharesGoToTheLargerLabelByHalfAndToTheSmallerByArgmax()
    {
        var labels = new MLVolume(new([4, 1, 1], [1, 1, 1]), (float[])[2, 5, 0, 5]);
        Assert.Equal([5f, 5], Resampler.ResizeLabels(labels, [2, 1, 1]).Voxels.ToArray());
        Assert.Equal([2f, 0], Resampler.ResizeLabels(labels, [2, 1, 1], decision: LabelDecision.Argmax).Voxels.ToArray());
    }

    [Fact]
    public void ResizeEqualsZoomAndResize()
    {
        var image = NoiseVolume(1, 7, 10, 9);
        AssertSampled(Oracle("zoom"), Resampler.Resize(image, [27, 8, 14]), 1e-5);
        AssertSampled(Oracle("resize", "1"), Resampler.Resize(image, [9, 17, 5], 1), 1e-6);
        AssertSampled(Oracle("resize", "3"), Resampler.Resize(image, [9, 17, 5]), 1e-6);
    }

    [Fact]
    public void ToSpacingTakesTheSliceAxisNearest()
    {
        var image = NoiseVolume(8, 6, 9, 8, [1.1, 1.3, 4]);
        var resampled = Resampler.ToSpacing(image, [0.8, 0.9, 3]);
        Assert.Equal([11, 13, 8], resampled.Geometry.Size.AsSpan().ToArray());
        AssertSampled(Oracle("separate"), resampled, 1e-5);
        var along = Resampler.ToSpacing(image.SwapAxes(SliceAxis.X, SliceAxis.Z), [3, 0.9, 0.8]).SwapAxes(SliceAxis.X, SliceAxis.Z);
        for (int i = 0; i < along.Voxels.Length; i++) Assert.Equal(resampled.Voxels[i], along.Voxels[i], 1e-6);
        Assert.Equal(Resampler.ResizeLabels(Labels(), [10, 19, 8], separateZ: true).Voxels, Resampler.LabelsToSpacing(Labels(), [1.2, 1.34, 5.5]).Voxels);
    }

    [Theory]
    [InlineData(1, 1, 4, 1, 1, 1, SliceAxis.Z)]
    [InlineData(4, 1, 1, 1, 1, 1, SliceAxis.X)]
    [InlineData(1, 1, 1, 1, 5, 1, SliceAxis.Y)]
    [InlineData(1, 1, 3, 1, 1, 3, null)]
    [InlineData(0.24, 1.25, 1.25, 1, 1, 9, null)]
    public void SeparateAxisFollowsNnUNet(double x, double y, double z, double tx, double ty, double tz, SliceAxis? expected) =>
        Assert.Equal(expected, Resampler.SeparateAxis(new([5, 5, 5], [x, y, z]), [tx, ty, tz]));

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3)]
    public void TheOwnGridAndARefinedOneAreResize(int order)
    {
        var image = Source();
        Assert.Equal(image.Voxels, Resampler.OntoGrid(image, image.Geometry, order).Voxels);
        var refined = image.Geometry.Refine(3, SliceAxis.Y);
        MLVolume onto = Resampler.OntoGrid(image, refined, order), resized = Resampler.RefineImage(image, SliceAxis.Y, 3, order);
        for (int i = 0; i < onto.Voxels.Length; i++) Assert.Equal(resized.Voxels[i], onto.Voxels[i], 1e-5);
    }

    [Theory]
    [InlineData(5, 4, 9)]
    [InlineData(30, 20, 3)]
    [InlineData(4, 25, 7)]
    [InlineData(21, 3, 20)]
    [InlineData(9, 10, 2)]
    [InlineData(3, 3, 40)]
    public void SeveralChannelsInAnyOrderOfPassesAreAsOneByOne(int width, int height, int depth)
    {
        float[] voxels = Noise(9, 3 * 630);
        var geometry = new VolumeGeometry([9, 10, 7], [1, 1, 1]);
        foreach (int order in (int[])[0, 1, 3])
        {
            var all = Resampler.Resize(new(geometry, voxels, 3), [width, height, depth], order);
            for (int c = 0; c < 3; c++)
            {
                // Each axis in a call of its own, thinned first as within one call.
                MLVolume one = new(geometry, voxels.AsMemory(c * 630, 630)), alone = Resampler.Resize(one, [width, height, depth], order);
                Assert.Equal(alone.Voxels, all.Channel(c));
                int[] size = [9, 10, 7], target = [width, height, depth];
                foreach (int a in Enumerable.Range(0, 3).OrderBy(a => (double)target[a] / size[a]).ToArray())
                {
                    size[a] = target[a];
                    one = Resampler.Resize(one, size, order);
                }
                Assert.Equal(one.Voxels, alone.Voxels);
            }
        }
        Assert.Equal(voxels, Noise(9, 3 * 630)); // passes that work in place leave the source alone
    }

    [Fact]
    public void OrdersRulesAndSpacingsOutOfRangeAreRefused()
    {
        var image = Source();
        Assert.Throws<ArgumentOutOfRangeException>(() => Resampler.OntoGrid(image, image.Geometry, 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => Resampler.OntoGrid(image, image.Geometry, 1, (OutsideRule)7));
        Assert.Throws<ArgumentOutOfRangeException>(() => Resampler.LabelsOntoGrid(image, image.Geometry, 3));
        Assert.Throws<ArgumentOutOfRangeException>(() => Resampler.ResizeLabels(image, [3, 3, 3], decision: (LabelDecision)5));
        Assert.Throws<ArgumentException>(() => Resampler.ToSpacing(image, [1, 0, 1]));
        Assert.Throws<ArgumentException>(() => Resampler.ToSpacing(image, [1, 1]));
        Assert.Throws<ArgumentException>(() => Resampler.LabelsToSpacing(image, [1e-12, 1, 1]));
    }
}
