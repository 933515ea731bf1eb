using System.Globalization;
using System.Text.RegularExpressions;

namespace REHRSeg.Tool.Tests;

public sealed class LabelContourTests
{
    static PlaneSlice Random(int seed, int columns, int rows, int labels)
    {
        var random = new Random(seed);
        float[] values = new float[columns * rows];
        for (int i = 0; i < values.Length; i++) values[i] = random.Next(labels);
        return new(values, columns, rows, -3.5, 7.25, 0.5, 4);
    }

    /// <summary>Unit edges between two voxels, or a voxel and the outside, of which exactly one has the label: looked up voxel by voxel.</summary>
    static HashSet<(int, int, int, int)> Expected(PlaneSlice slice, float label)
    {
        bool In(int x, int y) => x >= 0 && y >= 0 && x < slice.Columns && y < slice.Rows && slice.Values[y * slice.Columns + x] == label;
        var edges = new HashSet<(int, int, int, int)>();
        for (int y = 0; y <= slice.Rows; y++)
            for (int x = 0; x <= slice.Columns; x++)
            {
                if (In(x, y) != In(x, y - 1)) edges.Add((x, y, x + 1, y));
                if (In(x, y) != In(x - 1, y)) edges.Add((x, y, x, y + 1));
            }
        return edges;
    }

    [Theory]
    [InlineData(1, 1, 1, 2)]
    [InlineData(2, 7, 5, 2)]
    [InlineData(3, 23, 17, 2)]
    [InlineData(4, 23, 17, 4)]
    public void Outlines_run_exactly_where_the_label_changes_and_cover_every_such_edge_once(int seed, int columns, int rows, int labels)
    {
        var slice = Random(seed, columns, rows, labels);
        for (int label = 1; label < labels; label++)
        {
            var found = new HashSet<(int, int, int, int)>();
            foreach (var loop in LabelContour.Trace(slice, v => v == label))
                for (int i = 0; i < loop.Count; i++)
                {
                    var (from, to) = (loop[i], loop[(i + 1) % loop.Count]);
                    Assert.True(from.X == to.X ^ from.Y == to.Y, "edges are horizontal or vertical");
                    for (int x = Math.Min(from.X, to.X); x < Math.Max(from.X, to.X); x++) Assert.True(found.Add((x, from.Y, x + 1, from.Y)));
                    for (int y = Math.Min(from.Y, to.Y); y < Math.Max(from.Y, to.Y); y++) Assert.True(found.Add((from.X, y, from.X, y + 1)));
                }
            Assert.Equal(Expected(slice, label), found);
        }
    }

    [Fact]
    public void A_rectangle_has_four_corners_in_millimetres()
    {
        float[] values = new float[30];
        for (int y = 1; y < 3; y++) for (int x = 2; x < 5; x++) values[6 * y + x] = 1;
        var slice = new PlaneSlice(values, 6, 5, 10, -20, 0.5, 4);
        var loops = LabelContour.Trace(slice, v => v == 1);
        Assert.Equal(4, Assert.Single(loops).Count);
        Assert.Equal("M11 -16H12.5V-8H11Z", LabelContour.ToPath(slice, loops));
    }

    [Fact]
    public void A_hole_is_an_outline_of_its_own_that_turns_the_other_way()
    {
        float[] values = new float[25];
        for (int y = 1; y < 4; y++) for (int x = 1; x < 4; x++) values[5 * y + x] = x == 2 && y == 2 ? 0 : 1;
        var loops = LabelContour.Trace(new(values, 5, 5, 0, 0, 1, 1), v => v == 1);
        Assert.Equal([-1, 9], loops.Select(Area).Order());
    }

    [Fact]
    public void Voxels_that_touch_by_a_corner_keep_outlines_of_their_own()
    {
        var loops = LabelContour.Trace(new([1, 0, 0, 1], 2, 2, 0, 0, 1, 1), v => v == 1);
        Assert.Equal(2, loops.Count);
        Assert.All(loops, loop => Assert.Equal(1, Area(loop)));
    }

    [Fact]
    public void Nothing_has_no_outline() => Assert.Empty(LabelContour.Trace(new(new float[12], 4, 3, 0, 0, 1, 1), v => v == 1));

    [Fact]
    public void Numbers_do_not_depend_on_the_culture_and_have_at_most_three_digits()
    {
        string path = LabelContour.ToPath(new([1], 1, 1, 1 / 3.0, 0, 2 / 3.0, 1e-4), [[(0, 0), (1, 0), (1, 1), (0, 1)]]);
        Assert.All(Regex.Matches(path, @"-?[\d.]+").Select(m => m.Value), n => Assert.True(n.Length <= 6 && double.TryParse(n, NumberStyles.Float, CultureInfo.InvariantCulture, out _)));
    }

    /// <summary>Signed area: positive where the inside is on the right hand, y downwards.</summary>
    static double Area(IReadOnlyList<(int X, int Y)> loop) => Enumerable.Range(0, loop.Count).Sum(i => loop[i].X * loop[(i + 1) % loop.Count].Y - loop[(i + 1) % loop.Count].X * loop[i].Y) / 2.0;
}
