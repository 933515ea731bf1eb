using System.Text.Json;

namespace REHRSeg.Imaging.Tests.Formats;

/// <summary>Values and geometry against nibabel (tests/oracles/nifti/make_nifti.py).</summary>
public class NiftiFormatTests
{
    static readonly string s_folder = Path.Combine(AppContext.BaseDirectory, "oracles", "nifti");
    static readonly JsonElement s_expected = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(s_folder, "expected.json"))).RootElement;

    public static TheoryData<string> Files => [.. s_expected.EnumerateObject().Select(p => p.Name)];

    [Theory]
    [MemberData(nameof(Files))]
    public void Values_and_geometry_equal_nibabels(string name)
    {
        var expected = s_expected.GetProperty(name);
        string path = Path.Combine(s_folder, name);

        var volume = VolumeFile.Read(path);

        Assert.Equal(Numbers("size"), volume.Geometry.Size.Select(n => (double)n));
        Assert.Equal(expected.GetProperty("channels").GetInt32(), volume.Channels);
        AssertClose(Numbers("spacing"), volume.Geometry.Spacing, 1e-5);
        AssertClose(Numbers("origin"), volume.Geometry.Origin, 1e-5);
        AssertClose(Numbers("direction"), volume.Geometry.Direction, 1e-5);
        AssertClose(Numbers("values"), volume.Voxels.ToArray().Select(v => (double)v), 1e-5);
        Assert.Equal(volume.Geometry, VolumeFile.ReadGeometry(path));

        double[] Numbers(string field) => [.. expected.GetProperty(field).EnumerateArray().Select(v => v.GetDouble())];
    }

    [Fact]
    public void The_oracle_covers_every_data_type_in_both_byte_orders()
    {
        foreach (string type in (string[])["uint8", "int8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float32", "float64"])
            foreach (string order in (string[])["le", "be"])
                Assert.Single(s_expected.EnumerateObject(), file => file.Name.StartsWith($"type_{type}_{order}.", StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void A_volume_written_again_has_the_same_geometry_through_sform_and_through_qform(string name)
    {
        using var folder = new TempFolder();
        var volume = VolumeFile.Read(Path.Combine(s_folder, name));

        VolumeFile.Write(volume, folder["again.nii"]);

        var again = VolumeFile.Read(folder["again.nii"]);
        Assert.Equal(volume.Voxels, again.Voxels);
        Assert.Equal(volume.Channels, again.Channels);
        Assert.Null(volume.Geometry.DescribeDifference(again.Geometry));
        var bytes = File.ReadAllBytes(folder["again.nii"]);
        bytes[254] = 0; // sform_code: now the qform counts
        File.WriteAllBytes(folder["qform.nii"], bytes);
        var qform = VolumeFile.ReadGeometry(folder["qform.nii"]);
        AssertClose(again.Geometry.Direction, qform.Direction, 1e-5);
        AssertClose(again.Geometry.Origin, qform.Origin, 1e-5);
        AssertClose(again.Geometry.Spacing, qform.Spacing, 1e-5);
    }

    [Fact]
    public void Near_half_a_turn_the_qform_is_as_near_as_floats_can_be()
    {
        // RAS and LPS differ by half a turn about z, so small turns in LPS are near half turns in the file.
        using var folder = new TempFolder();
        foreach (double angle in (double[])[0, 1e-5, 1e-4, 3e-4, 1e-3, 2e-3, 5e-3, 0.02])
        {
            var geometry = new VolumeGeometry([2, 3, 4], [1, 1, 2], default, VolumeGeometryTests.Rotation([0.6 * angle, -0.4 * angle, 0.7 * angle], flip: false));
            VolumeFile.Write(new(geometry, new float[24]), folder["x.nii"]);
            var bytes = File.ReadAllBytes(folder["x.nii"]);
            bytes[254] = 0;
            File.WriteAllBytes(folder["x.nii"], bytes);
            double worst = VolumeFile.ReadGeometry(folder["x.nii"]).Direction.Zip(geometry.Direction, (a, b) => Math.Abs(a - b)).Max();
            Assert.InRange(worst, 0, 4e-4);
        }
    }

    internal static void AssertClose(IEnumerable<double> expected, IEnumerable<double> actual, double tolerance)
    {
        double[] e = [.. expected], a = [.. actual];
        Assert.Equal(e.Length, a.Length);
        for (int i = 0; i < e.Length; i++) Assert.True(Math.Abs(e[i] - a[i]) <= tolerance * Math.Max(1, Math.Abs(e[i])), $"[{i}]: expected {e[i]}, got {a[i]}");
    }
}
