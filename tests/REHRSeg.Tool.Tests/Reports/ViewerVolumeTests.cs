using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.RegularExpressions;
using REHRSeg.Imaging;

namespace REHRSeg.Tool.Tests;

/// <summary>What the viewer embeds, read back from the page's text without a browser.</summary>
public sealed partial class ViewerVolumeTests
{
    static readonly double[] s_oblique = Rotation(0.3, -0.5, 0.2);
    static readonly LabelClass[] s_labels = [new(0, "background"), new(1, "organ")];

    /// <summary>A volume of one object away from the borders: <paramref name="value"/> inside of an index box.</summary>
    static MLVolume Box(int[] size, double[] spacing, double[] origin, double[] direction, int[] low, int[] high, float value)
    {
        var g = new VolumeGeometry(size, spacing, origin, direction);
        var voxels = new float[g.VoxelCount];
        for (int z = low[2]; z <= high[2]; z++)
            for (int y = low[1]; y <= high[1]; y++)
                for (int x = low[0]; x <= high[0]; x++)
                    voxels[(z * g.Height + y) * g.Width + x] = value;
        return new(g, voxels);
    }

    static double[] Rotation(double a, double b, double c)
    {
        var (sa, ca) = Math.SinCos(a);
        var (sb, cb) = Math.SinCos(b);
        var (sc, cc) = Math.SinCos(c);
        return [cb * cc, sa * sb * cc - ca * sc, ca * sb * cc + sa * sc, cb * sc, sa * sb * sc + ca * cc, ca * sb * sc - sa * cc, -sb, sa * cb, ca * cb];
    }

    static MLVolume ReadBack(string html, int @case, int volume)
    {
        var match = Regex.Match(html, $"data-part=\"volume-{@case}-{volume}\">([^<]*)<");
        return VolumeFile.Read(new MemoryStream(Convert.FromBase64String(match.Groups[1].Value)), "volume.nii.gz");
    }

    static JsonElement Cases(string html) => JsonDocument.Parse(CasesJson().Match(html).Groups[1].Value).RootElement;

    [Fact]
    public void Volumes_are_cut_to_their_content_and_stay_where_they_are_in_space()
    {
        // Thin: 1 mm; thick: the same field of view with slices of 4 mm along y.
        double[] origin = [-31.5, 12.25, 7];
        var thin = Box([60, 80, 50], [0.9, 1, 1.1], origin, s_oblique, [20, 32, 15], [40, 55, 30], 700);
        var label = Box([60, 80, 50], [0.9, 1, 1.1], origin, s_oblique, [25, 36, 18], [35, 50, 25], 1);
        var thick = ThickSliceSimulator.Image(thin, SliceAxis.Y, SliceProfile.Gaussian(4));
        string html = ViewerSection.Html([new("case", [new("thick", thick, ViewerRole.Image), new("thin", thin, ViewerRole.Image), new("truth", label, ViewerRole.Label)], s_labels)]);

        foreach (var (original, index) in new[] { (thick, 0), (thin, 1), (label, 2) })
        {
            var embedded = ReadBack(html, 0, index);
            Assert.True(embedded.Geometry.VoxelCount < original.Geometry.VoxelCount / 3, $"{embedded.Geometry} of {original.Geometry}");
            float low = original.Voxels.ToArray().Min(), high = original.Voxels.ToArray().Max();
            double scale = index == 2 ? 1 : (high - low) / 255.0;
            int compared = 0;
            for (int z = 0; z < embedded.Depth; z++)
                for (int y = 0; y < embedded.Height; y++)
                    for (int x = 0; x < embedded.Width; x++)
                    {
                        var (ox, oy, oz, off) = NearestIndex(original.Geometry, embedded.Geometry.ToPhysical(x, y, z));
                        Assert.True(off < 1e-4, $"voxel ({x}, {y}, {z}) lies {off} voxels off the original's grid");
                        Assert.Equal(original[oz, oy, ox], low + embedded[z, y, x] * scale, index == 2 ? 0 : 0.51 * scale + 1e-3);
                        if (original[oz, oy, ox] != 0) compared++;
                    }
            Assert.Equal(original.Voxels.ToArray().Count(v => v != 0), compared);
        }
    }

    [Fact]
    public void Large_volumes_are_cut_to_the_labels_thinned_where_that_is_not_enough_and_the_page_says_so()
    {
        var image = Box([100, 96, 40], [1, 1, 2.5], [3, -4, 5], s_oblique, [0, 0, 0], [99, 95, 39], 50);
        var label = Box([100, 96, 40], [1, 1, 2.5], [3, -4, 5], s_oblique, [40, 40, 15], [60, 60, 24], 1);
        ViewerCase[] cases = [new("large", [new("MR", image, ViewerRole.Image), new("truth", label, ViewerRole.Label)], s_labels)];
        Assert.Empty(Cases(ViewerSection.Html(cases))[0].GetProperty("notes").EnumerateArray());

        string html = ViewerSection.Html(cases, 30_000);
        var (cut, marks) = (ReadBack(html, 0, 0), ReadBack(html, 0, 1));
        Assert.InRange(cut.Geometry.VoxelCount, 10_000, 30_000);
        Assert.Equal([2.0, 2, 2.5], cut.Geometry.Spacing.Select(s => Math.Round(s, 5)));
        Assert.Equal(cut.Geometry, marks.Geometry);
        string[] notes = [.. Cases(html)[0].GetProperty("notes").EnumerateArray().Select(n => n.GetString()!)];
        Assert.Contains(notes, n => n.Contains("surroundings of the labels (20 mm)", StringComparison.Ordinal));
        Assert.Contains(notes, n => n.StartsWith($"MR: {string.Join(" x ", cut.Geometry.Size)} of ", StringComparison.Ordinal));
        for (int z = 0; z < marks.Depth; z++)
            for (int y = 0; y < marks.Height; y++)
                for (int x = 0; x < marks.Width; x++)
                {
                    var (ox, oy, oz, off) = NearestIndex(label.Geometry, marks.Geometry.ToPhysical(x, y, z));
                    Assert.True(off < 1e-4);
                    Assert.Equal(label[oz, oy, ox], marks[z, y, x]);
                }
        Assert.InRange(marks.Voxels.ToArray().Count(v => v == 1), 11 * 11 * 10 * 0.8, 11 * 11 * 10);
    }

    [Fact]
    public void The_range_of_a_volume_is_stated_and_leaves_out_a_few_extremes()
    {
        var g = new VolumeGeometry([20, 20, 20], [1, 1, 1]);
        var voxels = Enumerable.Range(0, g.VoxelCount).Select(i => i == 0 ? 1e6f : -40 + i % 1001).ToArray();
        var uncertainty = voxels.Select(v => Math.Clamp(v / 2000, 0.1f, 0.4f)).ToArray();
        string html = ViewerSection.Html([new("case", [new("MR", new(g, voxels), ViewerRole.Image), new("U", new(g, uncertainty), ViewerRole.Uncertainty)], s_labels)]);
        var volumes = Cases(html)[0].GetProperty("volumes");
        Assert.Equal(-40, volumes[0].GetProperty("low").GetDouble(), 2.0);
        Assert.Equal(960, volumes[0].GetProperty("high").GetDouble(), 2.0);
        Assert.Equal(0, volumes[1].GetProperty("low").GetDouble());
        Assert.Equal(0.4, volumes[1].GetProperty("high").GetDouble(), 1e-6);
        Assert.Equal(64, ReadBack(html, 0, 1).Voxels.ToArray().Min());
    }

    [Fact]
    public void Names_cannot_break_out_of_the_page()
    {
        const string evil = "a</script><script>alert(1)</script><!-- & \" ' \\ {{library}} \u2028 é";
        var image = Box([8, 8, 8], [1, 1, 1], [0, 0, 0], [1, 0, 0, 0, 1, 0, 0, 0, 1], [2, 2, 2], [5, 5, 5], 1);
        string html = ViewerSection.Html([new(evil, [new(evil, image, ViewerRole.Image), new("truth", image, ViewerRole.Label)], [new(1, evil)])]);
        Assert.DoesNotContain("alert(1)<", html, StringComparison.Ordinal);
        Assert.Equal(1 + 2 + 1 + 1, Regex.Count(html, "<script")); // cases, two volumes, library, viewer
        Assert.Equal(Regex.Count(html, "<script"), Regex.Count(html, "</script>"));
        var parsed = Cases(html)[0];
        Assert.Equal(evil, parsed.GetProperty("id").GetString());
        Assert.Equal(evil, parsed.GetProperty("volumes")[0].GetProperty("name").GetString());
        Assert.Equal(evil, parsed.GetProperty("labels")[0].GetProperty("name").GetString());
    }

    [Fact]
    public void Values_without_a_name_get_one_and_values_that_are_no_labels_are_refused()
    {
        double[] identity = [1, 0, 0, 0, 1, 0, 0, 0, 1];
        MLVolume Of(float value) => Box([8, 8, 8], [1, 1, 1], [0, 0, 0], identity, [2, 2, 2], [5, 5, 5], value);
        string html = ViewerSection.Html([new("c", [new("MR", Of(1), ViewerRole.Image), new("L", Of(9), ViewerRole.Label)], s_labels)]);
        Assert.Equal(["organ", "label 9"], Cases(html)[0].GetProperty("labels").EnumerateArray().Select(l => l.GetProperty("name").GetString()));
        foreach (float value in new[] { 256, 0.5f, -1 })
        {
            var e = Assert.Throws<VolumeFormatException>(() => ViewerSection.Html([new("c7", [new("MR", Of(1), ViewerRole.Image), new("truth", Of(value), ViewerRole.Label)], s_labels)]));
            Assert.Contains(FormattableString.Invariant($"case c7, truth: a label is {value}"), e.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_case_without_an_image_and_a_volume_of_another_place_are_refused()
    {
        double[] identity = [1, 0, 0, 0, 1, 0, 0, 0, 1];
        MLVolume At(double x) => Box([8, 8, 8], [1, 1, 1], [x, 0, 0], identity, [2, 2, 2], [5, 5, 5], 1);
        Assert.Contains("c7 has no image", Assert.Throws<DatasetException>(() => ViewerSection.Html([new("c7", [new("truth", At(0), ViewerRole.Label)], s_labels)])).Message, StringComparison.Ordinal);
        var apart = Assert.Throws<DatasetException>(() => ViewerSection.Html([new("c7", [new("MR", At(0), ViewerRole.Image), new("U", At(100), ViewerRole.Uncertainty)], s_labels)]));
        Assert.Contains("Case c7: U (8x8x8", apart.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_library_is_the_distribution_file_of_niivue_0_69_0_and_its_licences_are_in_the_page()
    {
        using var file = typeof(ViewerSection).Assembly.GetManifestResourceStream("Reports/vendor/niivue.umd.js")!;
        Assert.Equal("47b896b77ec4a5be3ef1949c33ad393b6f45629921f326c279000bcf51bdb4af", Convert.ToHexStringLower(SHA256.HashData(file)));
        string html = WebUtility.HtmlDecode(ViewerSection.Html([ViewerPhantom.Case("phantom", 1, 16)]));
        foreach (string holder in new[] { "Copyright (c) 2021, Niivue", "Arjun Barrett", "Trevor Manz", "RII-UTHSCSA", "Brandon Jones", "Yann Collet", "Apache License" }) Assert.Contains(holder, html, StringComparison.Ordinal);
    }

    [Fact]
    public void Label_colours_differ_and_later_ones_are_lighter()
    {
        LabelColour[] colours = [.. Enumerable.Range(1, 3 * LabelColours.Distinct).Select(LabelColours.Of)];
        Assert.Equal(colours.Length, colours.Distinct().Count());
        Assert.Equal("#009e73", colours[0].Hex);
        Assert.True(colours[LabelColours.Distinct].Red > colours[0].Red);
        Assert.Throws<ArgumentOutOfRangeException>(() => LabelColours.Of(0));
    }

    /// <summary>The voxel of a grid at a position, found without the code under test: by least squares over the three index axes.</summary>
    static (int X, int Y, int Z, double Off) NearestIndex(VolumeGeometry g, (double X, double Y, double Z) position)
    {
        var o = g.ToPhysical(0, 0, 0);
        double[] index = [.. Enumerable.Range(0, 3).Select(a =>
        {
            var e = g.ToPhysical(a == 0 ? 1 : 0, a == 1 ? 1 : 0, a == 2 ? 1 : 0);
            (double x, double y, double z) = (e.X - o.X, e.Y - o.Y, e.Z - o.Z);
            return (x * (position.X - o.X) + y * (position.Y - o.Y) + z * (position.Z - o.Z)) / (x * x + y * y + z * z);
        })];
        int[] rounded = [.. index.Select(i => (int)Math.Round(i))];
        return (rounded[0], rounded[1], rounded[2], Enumerable.Range(0, 3).Max(a => Math.Abs(index[a] - rounded[a])));
    }

    [GeneratedRegex("data-part=\"cases\">(.*?)</script>", RegexOptions.Singleline)]
    private static partial Regex CasesJson();
}
