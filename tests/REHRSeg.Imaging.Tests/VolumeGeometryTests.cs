using CsCheck;
using REHRSeg.Imaging.Tests.Formats;

namespace REHRSeg.Imaging.Tests;

public class VolumeGeometryTests
{
    [Theory]
    [InlineData(SliceAxis.X, 0.25)]
    [InlineData(SliceAxis.Y, 4)]
    [InlineData(SliceAxis.Z, 8)]
    public void TheSliceRatioTakesTheFinerInPlaneSpacing(SliceAxis axis, double ratio) => Assert.Equal(ratio, new VolumeGeometry([2, 2, 2], [0.5, 2, 4]).SliceRatio(axis));

    internal static readonly Gen<VolumeGeometry> Geometries =
        from size in Gen.Int[1, 6].Array[3]
        from spacing in Gen.Double[0.2, 6].Array[3]
        from origin in Gen.Double[-200, 200].Array[3]
        from angles in Gen.Double[-3, 3].Array[3]
        from flip in Gen.Bool
        select new VolumeGeometry(size, spacing, origin, Rotation(angles, flip));

    internal static readonly Gen<SliceAxis> Axes = Gen.Enum<SliceAxis>();

    [Fact]
    public void Swapping_axes_twice_is_the_identity_and_keeps_physical_positions() => Gen.Select(Geometries, Axes, Axes).Sample((g, a, b) =>
    {
        var swapped = g.SwapAxes(a, b);
        double[] index = [1.5, -2, 3], exchanged = [.. index];
        (exchanged[(int)a], exchanged[(int)b]) = (exchanged[(int)b], exchanged[(int)a]);
        AssertSamePoint(g.ToPhysical(index[0], index[1], index[2]), swapped.ToPhysical(exchanged[0], exchanged[1], exchanged[2]));
        Assert.Equal(g, swapped.SwapAxes(a, b));
        Assert.Equal(g.GetHashCode(), swapped.SwapAxes(a, b).GetHashCode());
    });

    [Fact]
    public void Refining_puts_thin_slice_k_at_thick_coordinate_k_plus_half_over_r_minus_half() => Gen.Select(Geometries, Axes, Gen.Int[1, 7]).Sample((g, axis, factor) =>
    {
        var fine = g.Refine(factor, axis);
        Assert.Equal(g.Size[(int)axis] * factor, fine.Size[(int)axis]);
        for (int k = 0; k < fine.Size[(int)axis]; k++)
        {
            double[] thin = [2, 1, 3], thick = [2, 1, 3];
            (thin[(int)axis], thick[(int)axis]) = (k, (k + 0.5) / factor - 0.5);
            AssertSamePoint(g.ToPhysical(thick[0], thick[1], thick[2]), fine.ToPhysical(thin[0], thin[1], thin[2]));
        }
    });

    [Fact]
    public void Coarsening_undoes_refining() => Gen.Select(Geometries, Axes, Gen.Int[1, 7]).Sample((g, axis, factor) =>
        Assert.Null(g.DescribeDifference(g.Refine(factor, axis).Coarsen(factor, axis))));

    [Fact]
    public void Coarsening_with_an_offset_centres_each_block() => Gen.Select(Geometries, Axes, Gen.Int[1, 4], Gen.Int[0, 5]).Sample((g, axis, factor, start) =>
    {
        var fine = g.Refine(10, axis);
        var coarse = fine.Coarsen(factor, axis, start);
        Assert.Equal((fine.Size[(int)axis] - start) / factor, coarse.Size[(int)axis]);
        double[] block = [0, 0, 0], centre = [0, 0, 0];
        (block[(int)axis], centre[(int)axis]) = (1, start + factor + (factor - 1) / 2.0);
        AssertSamePoint(fine.ToPhysical(centre[0], centre[1], centre[2]), coarse.ToPhysical(block[0], block[1], block[2]));
    });

    [Fact]
    public void Cropping_keeps_positions() => Gen.Select(Geometries, Axes).Sample((g, axis) =>
    {
        var fine = g.Refine(4, axis);
        var part = fine.Crop(axis, 1, 2);
        double[] first = [0, 0, 0];
        first[(int)axis] = 1;
        AssertSamePoint(fine.ToPhysical(first[0], first[1], first[2]), part.ToPhysical(0, 0, 0));
        Assert.Equal(2, part.Size[(int)axis]);
        Assert.Throws<ArgumentOutOfRangeException>(() => fine.Crop(axis, 1, fine.Size[(int)axis]));
    });

    [Theory]
    [InlineData(1, 1, 4, SliceAxis.Z)]
    [InlineData(3, 1, 1, SliceAxis.X)]
    [InlineData(0.9, 1.5, 0.9, SliceAxis.Y)]
    [InlineData(1, 4, 4, SliceAxis.Z)]
    [InlineData(1, 1.05, 1, null)]
    public void The_slice_axis_has_the_largest_spacing(double x, double y, double z, SliceAxis? axis) => Assert.Equal(axis, new VolumeGeometry([4, 4, 4], [x, y, z]).DetectSliceAxis());

    [Fact]
    public void Differences_are_named()
    {
        var g = new VolumeGeometry([4, 5, 6], [1, 2, 3], [10, 0, 0]);
        Assert.Null(g.DescribeDifference(new([4, 5, 6], [1.00005, 2, 3], [10.005, 0, 0])));
        Assert.Equal("size 4x5x6 against 4x5x7", g.DescribeDifference(new([4, 5, 7], [1, 2, 3], [10, 0, 0])));
        Assert.Equal("spacing (1, 2, 3) against (1, 2, 3.1) mm", g.DescribeDifference(new([4, 5, 6], [1, 2, 3.1], [10, 0, 0])));
        Assert.Equal("origin (10, 0, 0) against (10, 0.5, 0) mm", g.DescribeDifference(new([4, 5, 6], [1, 2, 3], [10, 0.5, 0])));
        Assert.StartsWith("direction", g.DescribeDifference(new([4, 5, 6], [1, 2, 3], [10, 0, 0], [-1, 0, 0, 0, 1, 0, 0, 0, 1])));
    }

    [Fact]
    public void Values_out_of_range_are_refused()
    {
        Assert.Throws<ArgumentException>(() => new VolumeGeometry([4, 0, 6], [1, 1, 1]));
        Assert.Throws<ArgumentException>(() => new VolumeGeometry([40000, 40000, 40000], [1, 1, 1]));
        Assert.Throws<ArgumentException>(() => new VolumeGeometry([1 << 21, 1 << 21, 1 << 21], [1, 1, 1])); // 2^63
        Assert.Throws<ArgumentException>(() => new VolumeGeometry([4, 4, 6], [1, 0, 1]));
        Assert.Throws<ArgumentException>(() => new VolumeGeometry([4, 4, 6], [1, double.NaN, 1]));
        Assert.Throws<ArgumentException>(() => new VolumeGeometry([4, 4, 6], [1, 1, 1], [double.PositiveInfinity, 0, 0]));
        Assert.Throws<ArgumentException>(() => new VolumeGeometry([4, 4, 6], [1, 1, 1], default, [1, 0.1, 0, 0, 1, 0, 0, 0, 1]));
        Assert.Throws<ArgumentException>(() => new VolumeGeometry([4, 4, 3], [1, 1, 1]).Coarsen(4, SliceAxis.Z));
    }

    static void AssertSamePoint((double X, double Y, double Z) a, (double X, double Y, double Z) b) => NiftiFormatTests.AssertClose([a.X, a.Y, a.Z], [b.X, b.Y, b.Z], 1e-9);

    internal static double[] Rotation(double[] t, bool flip)
    {
        double ca = Math.Cos(t[0]), sa = Math.Sin(t[0]), cb = Math.Cos(t[1]), sb = Math.Sin(t[1]), cc = Math.Cos(t[2]), sc = Math.Sin(t[2]), f = flip ? -1 : 1;
        return [ca * cb, ca * sb * sc - sa * cc, f * (ca * sb * cc + sa * sc), sa * cb, sa * sb * sc + ca * cc, f * (sa * sb * cc - ca * sc), -sb, cb * sc, f * cb * cc];
    }
}
