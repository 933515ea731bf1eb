using System.IO.Compression;
using System.Text.Json;
using static REHRSeg.Imaging.Tests.NumericsOracle;

namespace REHRSeg.Imaging.Tests;

public class MorphologicalInterpolationTests
{
    static readonly Dictionary<string, JsonElement> Cases = JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "oracles", "morphological.json")))
        .RootElement.EnumerateArray().ToDictionary(c => c.GetProperty("name").GetString()!);

    public static TheoryData<string> CaseNames => [.. Cases.Keys];

    [Theory]
    [MemberData(nameof(CaseNames))]
    public void FillBetweenSlicesEqualsItk(string name)
    {
        var item = Cases[name];
        var geometry = new VolumeGeometry([.. Numbers(item.GetProperty("size")).Select(v => (int)v)], [1, 1, 1]);
        var axis = (SliceAxis)item.GetProperty("axis").GetInt32();
        int[]? slices = item.GetProperty("slices").Deserialize<int[]>();
        MLVolume input = new(geometry, Unpack(item, "input")), expected = new(geometry, Unpack(item, "output"));
        var actual = LabelInterpolation.FillBetweenSlices(input, axis, slices);
        int differing = actual.Voxels.ToArray().Zip(expected.Voxels.ToArray()).Count(p => p.First != p.Second);
        Assert.True(differing == 0, $"{differing} voxels differ from ITK's");
        Assert.True(Area(expected) > 1.5 * Area(input), "the case has slices to fill");
    }

    [Theory]
    [InlineData(SliceAxis.X, 4)]
    [InlineData(SliceAxis.Y, 3)]
    [InlineData(SliceAxis.Z, 4)]
    [InlineData(SliceAxis.Z, 5)]
    public void ThinGridIsThatOfTheCentresWithTheOddPositionsTaken(SliceAxis axis, int factor)
    {
        // Even r: slices 2r apart on a grid of half the thin spacing, of which every other slice is thin. Odd r: slices r apart on the thin grid itself.
        var thick = Labels();
        var thin = LabelInterpolation.Morphological(thick, axis, factor);
        Assert.Equal(thick.Geometry.Refine(factor, axis), thin.Geometry);
        int scale = factor % 2 == 0 ? 2 : 1, count = thick.Geometry.Size[(int)axis], step = scale * factor;
        MLVolume slices = thick.SwapAxes(axis, SliceAxis.Z), result = thin.SwapAxes(axis, SliceAxis.Z);
        var sparse = FromFunction(new([slices.Width, slices.Height, (count - 1) * step + 1], [1, 1, 1]), (z, y, x) => z % step == 0 ? slices[z / step, y, x] : 0).SwapAxes(axis, SliceAxis.Z);
        var filled = LabelInterpolation.FillBetweenSlices(sparse, axis, [.. Enumerable.Range(0, count).Select(i => i * step)]).SwapAxes(axis, SliceAxis.Z);
        for (int k = 0; k < result.Depth; k++)
        {
            int at = Math.Clamp(scale * k + scale - 1 - step / 2, 0, filled.Depth - 1);
            for (int y = 0; y < result.Height; y++)
                for (int x = 0; x < result.Width; x++) Assert.Equal(filled[at, y, x], result[k, y, x]);
        }
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void EqualSlicesStayEqual(int factor)
    {
        var thick = FromFunction(new([21, 19, 4], [1, 1, 4]), (_, y, x) => InBlob(0, y, x, (0, 9, 8), (1, 7, 5)) ? 2 : InBlob(0, y, x, (0, 9, 16), (1, 3, 3)) ? 1 : 0);
        Assert.Equal(LabelInterpolation.Nearest(thick, SliceAxis.Z, factor).Voxels, LabelInterpolation.Morphological(thick, SliceAxis.Z, factor).Voxels);
    }

    [Fact]
    public void FactorOneIsTheIdentity() => Assert.Equal(Labels().Voxels, LabelInterpolation.Morphological(Labels(), SliceAxis.Y, 1).Voxels);

    [Fact]
    public void ShapeThatMovesGoesAlongAStraightLine()
    {
        static bool Inside(int z, int y, int x) => InBlob(0, y, x, (0, 10 + z, 10 + 2 * z), (1, 6, 9));
        var sparse = FromFunction(new([31, 25, 5], [1, 1, 1]), (z, y, x) => z is 0 or 4 && Inside(z, y, x) ? 1 : 0);
        var expected = FromFunction(sparse.Geometry, (z, y, x) => Inside(z, y, x) ? 1 : 0);
        Assert.Equal(expected.Voxels, LabelInterpolation.FillBetweenSlices(sparse, SliceAxis.Z).Voxels);
    }

    [Fact]
    public void ConcentricDiscsGiveRoundSlicesOfAreasBetween()
    {
        var sparse = FromFunction(new([33, 33, 9], [1, 1, 1]), (z, y, x) => z is 0 or 8 && InBlob(0, y, x, (0, 16, 16), (1, 6 + z, 6 + z)) ? 1 : 0);
        var filled = LabelInterpolation.FillBetweenSlices(sparse, SliceAxis.Z);
        double[] areas = [.. Enumerable.Range(0, 9).Select(z => Area(filled, z))];
        for (int z = 1; z < 9; z++) Assert.True(areas[z] >= areas[z - 1]);
        // The median differs equally from both: its area is their mean, up to a ring of pixels at one distance.
        Assert.Equal((areas[0] + areas[8]) / 2, areas[4], areas[8] * 0.1);
        for (int z = 0; z < 9; z++)
            for (int y = 0; y < 33; y++)
                for (int x = 0; x < 33; x++)
                {
                    Assert.Equal(filled[z, y, x], filled[z, 32 - y, x]);
                    Assert.Equal(filled[z, y, x], filled[z, y, 32 - x]);
                    Assert.Equal(filled[z, y, x], filled[z, x, y]);
                }
    }

    // Where the number of slices between is odd all the way down; else the first middle slice lies nearer to the first slice, as in ITK.
    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    public void ReversedSlicesGiveTheReversedResult(int factor)
    {
        var thick = FromFunction(new([33, 33, 3], [1, 1, 4]), (z, y, x) => InBlob(0, y, x, (0, 16, 16), (1, 12 - 3 * z, 6 + 4 * z)) ? 1 : 0);
        MLVolume forth = LabelInterpolation.Morphological(thick, SliceAxis.Z, factor), back = LabelInterpolation.Morphological(Reversed(thick), SliceAxis.Z, factor);
        Assert.Equal(Reversed(forth).Voxels, back.Voxels);

        static MLVolume Reversed(MLVolume v) => FromFunction(v.Geometry, (z, y, x) => v[v.Depth - 1 - z, y, x]);
    }

    [Fact]
    public void ClassThatEndsTapersToTheNextSliceAndIsNotBridgedAcrossIt()
    {
        var thick = FromFunction(new([25, 25, 5], [1, 1, 8]), (z, y, x) => z is 0 or 3 or 4 && InBlob(0, y, x, (0, 12, 12), (1, 9, 9)) ? 1 : 0);
        var thin = LabelInterpolation.Morphological(thick, SliceAxis.Z, 8);
        double[] areas = [.. Enumerable.Range(0, 40).Select(z => Area(thin, z))];
        Assert.All(areas[..4], a => Assert.Equal(areas[0], a));
        for (int z = 4; z < 12; z++) Assert.True(areas[z] > 0 && areas[z] <= areas[z - 1], $"slice {z}: {areas[z]} after {areas[z - 1]}");
        Assert.All(areas[12..20], a => Assert.Equal(0, a));
        for (int z = 21; z < 28; z++) Assert.True(areas[z] > 0 && areas[z] >= areas[z - 1]);
        Assert.Equal(areas[0] / 2, (areas[7] + areas[8]) / 2, 0.15 * areas[0]);
        Assert.All(areas[28..], a => Assert.Equal(areas[0], a));
    }

    [Fact]
    public void WithoutGivenSlicesAClassIsBridgedAcrossSlicesThatLackIt()
    {
        var sparse = FromFunction(new([15, 15, 9], [1, 1, 1]), (z, y, x) => z is 0 or 8 && InBlob(0, y, x, (0, 5, 5), (1, 4, 4)) ? 1 : z == 4 && InBlob(0, y, x, (0, 11, 11), (1, 2, 2)) ? 2 : 0);
        var bridged = LabelInterpolation.FillBetweenSlices(sparse, SliceAxis.Z);
        Assert.All(Enumerable.Range(0, 9), z => Assert.Equal(1, bridged[z, 5, 5]));
        var given = LabelInterpolation.FillBetweenSlices(sparse, SliceAxis.Z, [8, 0, 4, 4]);
        Assert.Equal([1, 1, 1, 1, 0, 1, 1, 1, 1], Enumerable.Range(0, 9).Select(z => (int)given[z, 5, 5]));
        Assert.Equal(2, given[2, 11, 11]);
        Assert.Equal(0, bridged[2, 11, 11]);
    }

    [Fact]
    public void SingleVoxelsLastUpToTheNextSlice()
    {
        var thick = FromFunction(new([12, 12, 3], [1, 1, 3]), (z, y, x) => (z, y, x) is (0, 5, 5) or (1, 5, 5) or (1, 9, 2) or (2, 5, 6) ? 3 : 0);
        var thin = LabelInterpolation.Morphological(thick, SliceAxis.Z, 3);
        int[] areas = [.. Enumerable.Range(0, 9).Select(z => (int)Area(thin, z) / 3)];
        // (5, 5) and (5, 6) do not overlap: both are there between the last two centres.
        Assert.Equal([1, 1, 2, 2, 2, 3, 3, 1, 1], areas);
        Assert.Equal(3, thin[2, 9, 2]);
        Assert.Equal(3, thin[7, 5, 6]);
    }

    [Fact]
    public void EmptyFullAndSingleSlicesStayWhatTheyAre()
    {
        var geometry = new VolumeGeometry([7, 6, 3], [1, 1, 4]);
        foreach (int value in (int[])[0, 4])
        {
            var volume = FromFunction(geometry, (_, _, _) => value);
            Assert.All(LabelInterpolation.Morphological(volume, SliceAxis.Z, 4).Voxels.ToArray(), v => Assert.Equal(value, v));
            Assert.Equal(volume.Voxels, LabelInterpolation.FillBetweenSlices(volume, SliceAxis.Z).Voxels);
        }
        var single = FromFunction(new([9, 9, 1], [1, 1, 4]), (_, y, x) => x > 2 && y > 3 ? 1 : 0);
        Assert.Equal(LabelInterpolation.Nearest(single, SliceAxis.Z, 4).Voxels, LabelInterpolation.Morphological(single, SliceAxis.Z, 4).Voxels);
        Assert.Equal(single.Voxels, LabelInterpolation.FillBetweenSlices(single, SliceAxis.Z, [0]).Voxels);
        Assert.Equal(single.Voxels, LabelInterpolation.FillBetweenSlices(single, SliceAxis.Z, []).Voxels);
    }

    [Fact]
    public void DistancesAreInVoxelsWhateverTheSpacing()
    {
        var labels = Labels();
        var other = new MLVolume(new VolumeGeometry([15, 17, 11], [3, 0.2, 0.7]), labels.Memory);
        Assert.Equal(LabelInterpolation.Morphological(labels, SliceAxis.Z, 4).Voxels, LabelInterpolation.Morphological(other, SliceAxis.Z, 4).Voxels);
    }

    [Fact]
    public void LargerClassWinsAndAnnotatedVoxelsAreKept()
    {
        var sparse = FromFunction(new([24, 20, 9], [1, 1, 1]), (z, y, x) => z is 0 or 8 ? (x < 14 ? 2 : 0) : z == 4 && x is > 4 and < 22 ? 1 : 0);
        var filled = LabelInterpolation.FillBetweenSlices(sparse, SliceAxis.Z);
        Assert.Equal(2, filled[3, 10, 8]);
        Assert.Equal(1, filled[4, 10, 8]);
        var both = FromFunction(new([24, 20, 2], [1, 1, 4]), (z, _, x) => z == 0 ? (x < 8 ? 1 : 2) : x < 16 ? 1 : 2);
        var thin = LabelInterpolation.Morphological(both, SliceAxis.Z, 4);
        Assert.Equal([1, 2], thin.Voxels.ToArray().Distinct().Order().Select(v => (int)v));
        for (int z = 1; z < 8; z++) Assert.True(Ones(z) >= Ones(z - 1));
        int Ones(int z) => thin.Voxels.Slice(z * 480, 24).ToArray().Count(v => v == 1);
    }

    [Fact]
    public void InterpolationBeatsNearestOnASmoothBody()
    {
        var phantom = PhantomGenerator.Generate(3, anatomy: PhantomAnatomy.Oblong).Label;
        var body = phantom.WithVoxels(Array.ConvertAll(phantom.Voxels.ToArray(), v => Math.Min(v, 1)));
        var thick = ThickSliceSimulator.Label(body, SliceAxis.Z, 4);
        double nearest = Metrics.Dice(LabelInterpolation.Nearest(thick, SliceAxis.Z, 4), body, 1);
        double morphological = Metrics.Dice(LabelInterpolation.Morphological(thick, SliceAxis.Z, 4), body, 1);
        Assert.True(morphological > nearest && nearest > 0.7, $"morphological {morphological}, nearest {nearest}");
    }

    [Fact]
    public void BadInputIsNamed()
    {
        MLVolume labels = Labels(), negative = labels.WithVoxels(Array.ConvertAll(labels.Voxels.ToArray(), v => v == 2 ? -1 : v));
        Assert.Contains("-1", Assert.Throws<ArgumentException>(() => LabelInterpolation.Morphological(negative, SliceAxis.Z, 4)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => LabelInterpolation.Morphological(labels, SliceAxis.Z, 0));
        Assert.Throws<ArgumentException>(() => LabelInterpolation.Morphological(labels.WithVoxels((float[])[.. labels.Voxels, .. labels.Voxels], 2), SliceAxis.Z, 4));
        Assert.Contains("0 to 10", Assert.Throws<ArgumentOutOfRangeException>(() => LabelInterpolation.FillBetweenSlices(labels, SliceAxis.Z, [0, 11])).Message, StringComparison.Ordinal);
    }

    static double Area(MLVolume labels, int slice) => labels.Voxels.Slice(slice * labels.Width * labels.Height, labels.Width * labels.Height).ToArray().Sum(v => (double)v);

    static int Area(MLVolume labels) => labels.Voxels.ToArray().Count(v => v > 0);

    static float[] Unpack(JsonElement item, string name)
    {
        using var gzip = new GZipStream(new MemoryStream(item.GetProperty(name).GetBytesFromBase64()), CompressionMode.Decompress);
        using var bytes = new MemoryStream();
        gzip.CopyTo(bytes);
        return Array.ConvertAll(bytes.ToArray(), b => (float)b);
    }
}
