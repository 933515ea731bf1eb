using System.Text.Json;
using CsCheck;
using REHRSeg.Imaging.Tests.Formats;

namespace REHRSeg.Imaging.Tests;

/// <summary>Orientation codes, reorientation, index maps and tolerances: against nibabel (tests/oracles/formats/make_orientation.py) and as properties.</summary>
public class VolumeOrientationTests
{
    static readonly Gen<string> s_codes =
        from order in Gen.Shuffle(new[] { 0, 1, 2 })
        from negative in Gen.Bool.Array[3]
        select string.Concat(order.Select(p => (negative[p] ? "RAI" : "LPS")[p]));

    static readonly Gen<MLVolume> s_volumes =
        from geometry in VolumeGeometryTests.Geometries
        from channels in Gen.Int[1, 2]
        select new MLVolume(geometry, Enumerable.Range(0, geometry.VoxelCount * channels).Select(i => (float)i).ToArray(), channels);

    [Fact]
    public void Codes_and_reoriented_volumes_are_those_of_nibabel()
    {
        foreach (var c in JsonDocument.Parse(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "oracles", "formats", "orientation.json"))).RootElement.EnumerateArray())
        {
            var geometry = VolumeGeometry.FromAffine([2, 3, 4], Numbers(c, "affine"), ras: true);
            Assert.Equal(c.GetProperty("code").GetString(), geometry.OrientationCode);
            NiftiFormatTests.AssertClose(Numbers(c, "affine"), geometry.ToAffine(ras: true), 1e-9);

            var again = new MLVolume(geometry, Enumerable.Range(0, 24).Select(i => (float)i).ToArray()).Reorient(c.GetProperty("to").GetString()!);

            Assert.Equal(c.GetProperty("to").GetString(), again.Geometry.OrientationCode);
            Assert.Equal(Numbers(c, "toSize"), again.Geometry.Size.Select(n => (double)n));
            Assert.Equal(Numbers(c, "values"), again.Voxels.ToArray().Select(v => (double)v));
            NiftiFormatTests.AssertClose(Numbers(c, "toAffine"), again.Geometry.ToAffine(ras: true), 1e-9);
        }

        static double[] Numbers(JsonElement c, string field) => [.. c.GetProperty(field).EnumerateArray().Select(v => v.GetDouble())];
    }

    [Fact]
    public void Reorientation_gives_the_code_keeps_every_voxel_in_its_place_and_is_undone_without_loss() => Gen.Select(s_volumes, s_codes).Sample((volume, code) =>
    {
        var turned = volume.Reorient(code);
        Assert.Equal(code, turned.Geometry.OrientationCode);
        AssertSamePlaces(volume, turned);
        var back = turned.Reorient(volume.Geometry.OrientationCode);
        Assert.True(volume.Voxels.SequenceEqual(back.Voxels));
        Assert.Null(volume.Geometry.DescribeDifference(back.Geometry));
        Assert.Equal(volume.Geometry.Direction.AsEnumerable(), back.Geometry.Direction);
        Assert.Same(turned, turned.Reorient(code.ToLowerInvariant()));
    }, iter: 300);

    [Fact]
    public void Flips_and_swaps_keep_every_voxel_in_its_place() => Gen.Select(s_volumes, VolumeGeometryTests.Axes, VolumeGeometryTests.Axes).Sample((volume, a, b) =>
    {
        AssertSamePlaces(volume, volume.Flip(a));
        AssertSamePlaces(volume, volume.SwapAxes(a, b));
        Assert.True(volume.Voxels.SequenceEqual(volume.Flip(a).Flip(a).Voxels));
        Assert.NotEqual(volume.Geometry.OrientationCode, volume.Flip(a).Geometry.OrientationCode);
        Assert.Equal(volume.Geometry.Flip(a), volume.Flip(a).Geometry);
    }, iter: 300);

    [Fact]
    public void The_index_of_a_position_is_where_it_came_from() => Gen.Select(VolumeGeometryTests.Geometries, Gen.Double[-50, 50].Array[3]).Sample((g, index) =>
    {
        var (x, y, z) = g.ToPhysical(index[0], index[1], index[2]);
        var (i, j, k) = g.ToIndex(x, y, z);
        NiftiFormatTests.AssertClose(index, [i, j, k], 1e-9);
    });

    [Fact]
    public void The_affine_is_the_map_from_index_to_position() => Gen.Select(VolumeGeometryTests.Geometries, Gen.Bool).Sample((g, ras) =>
    {
        double[] m = g.ToAffine(ras), index = [2, -1, 3, 1];
        var (x, y, z) = g.ToPhysical(2, -1, 3);
        double sign = ras ? -1 : 1;
        NiftiFormatTests.AssertClose([sign * x, sign * y, z], Enumerable.Range(0, 3).Select(row => Enumerable.Range(0, 4).Sum(c => m[4 * row + c] * index[c])), 1e-9);
        var back = VolumeGeometry.FromAffine(g.Size.AsSpan(), m, ras);
        Assert.Null(g.DescribeDifference(back));
        NiftiFormatTests.AssertClose(g.Direction, back.Direction, 1e-12);
    });

    [Fact]
    public void Refining_and_reorienting_commute() => Gen.Select(VolumeGeometryTests.Geometries, VolumeGeometryTests.Axes, Gen.Int[2, 5], s_codes).Sample((g, axis, factor, code) =>
    {
        var turned = g.Reorient(code);
        var along = (SliceAxis)Array.IndexOf(g.AxesFor(code).From, (int)axis);
        Assert.Null(g.Refine(factor, axis).Reorient(code).DescribeDifference(turned.Refine(factor, along)));
    });

    [Fact]
    public void Noise_of_1e_4_in_directions_is_one_grid_and_real_mismatches_are_named() => Gen.Select(VolumeGeometryTests.Geometries, Gen.Double[-1e-4, 1e-4].Array[9]).Sample((g, noise) =>
    {
        var noisy = new VolumeGeometry(g.Size.AsSpan(), g.Spacing.AsSpan(), g.Origin.AsSpan(), g.Direction.Select((v, i) => v + noise[i]).ToArray());
        Assert.True(g.IsSameGrid(noisy));
        Assert.True(noisy.IsSameGrid(g));
        Assert.Null(g.DescribeDifference(VolumeGeometry.FromAffine(g.Size.AsSpan(), noisy.ToAffine())));
        Assert.StartsWith("origin", g.DescribeDifference(new(g.Size.AsSpan(), g.Spacing.AsSpan(), [g.Origin[0] + 0.02 * g.Spacing.Min(), g.Origin[1], g.Origin[2]], g.Direction.AsSpan())));
        Assert.True(g.IsSameGrid(new(g.Size.AsSpan(), g.Spacing.AsSpan(), [g.Origin[0] + 1e-8, g.Origin[1] + 1e-3 * g.Spacing.Min(), g.Origin[2]], g.Direction.AsSpan())));
    });

    [Theory]
    [InlineData(1e-8, true)]
    [InlineData(1e-4, true)]
    [InlineData(1e-3, false)]
    [InlineData(Math.PI / 2, false)]
    public void A_turn_is_noise_or_a_mismatch(double angle, bool same)
    {
        var turned = new VolumeGeometry([4, 4, 4], [1, 1, 1], default, VolumeGeometryTests.Rotation([angle, 0, 0], false));
        Assert.Equal(same, new VolumeGeometry([4, 4, 4], [1, 1, 1]).IsSameGrid(turned));
    }

    [Theory]
    [InlineData("")]
    [InlineData("RA")]
    [InlineData("RASL")]
    [InlineData("RLS")]
    [InlineData("RAX")]
    public void What_is_no_orientation_is_refused(string code) => Assert.Contains("for example RAS", Assert.Throws<ArgumentException>(() => new VolumeGeometry([2, 2, 2], [1, 1, 1]).Reorient(code)).Message);

    [Fact]
    public void What_is_no_affine_is_refused()
    {
        Assert.Throws<ArgumentException>(() => VolumeGeometry.FromAffine([2, 2, 2], new double[9]));
        Assert.Throws<ArgumentException>(() => VolumeGeometry.FromAffine([2, 2, 2], new double[16]));
        Assert.Contains("perpendicular", Assert.Throws<ArgumentException>(() => VolumeGeometry.FromAffine([2, 2, 2], [1, 0.1, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0])).Message);
    }

    static void AssertSamePlaces(MLVolume a, MLVolume b)
    {
        Assert.Equal(a.Voxels.Length, b.Voxels.Length);
        for (int c = 0; c < a.Channels; c++)
            for (int z = 0; z < a.Depth; z++)
                for (int y = 0; y < a.Height; y++)
                    for (int x = 0; x < a.Width; x++)
                    {
                        var at = a.Geometry.ToPhysical(x, y, z);
                        var (i, j, k) = b.Geometry.ToIndex(at.X, at.Y, at.Z);
                        NiftiFormatTests.AssertClose([Math.Round(i), Math.Round(j), Math.Round(k)], [i, j, k], 1e-6);
                        Assert.Equal(a.Channel(c)[(z * a.Height + y) * a.Width + x], b.Channel(c)[((int)Math.Round(k) * b.Height + (int)Math.Round(j)) * b.Width + (int)Math.Round(i)]);
                    }
    }
}
