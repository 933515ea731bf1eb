using System.Security.Cryptography;
using System.Text.Json;
using System.IO.Compression;

namespace REHRSeg.Imaging.Tests.Formats;

/// <summary>
/// Files written here. With REHRSEG_KEEP_WRITTEN_FILES=FOLDER they are kept there, for tests/oracles/formats/check_written.mjs (ITK) and
/// check_written.py (nibabel), which compare voxels and geometry and then put the files' hashes into written.json.
/// </summary>
public sealed class WrittenFilesTests : IDisposable
{
    static readonly string s_hashes = Path.Combine(AppContext.BaseDirectory, "oracles", "formats", "written.json");
    static readonly string[] s_single = [".nii", ".nii.gz", ".nrrd", ".mha"], s_pairs = [".hdr", ".hdr.gz", ".nhdr", ".mhd"];
    readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Files_are_those_that_ITK_and_nibabel_were_shown_to_read()
    {
        string? keep = Environment.GetEnvironmentVariable("REHRSEG_KEEP_WRITTEN_FILES");
        string folder = keep is { Length: > 0 } ? Directory.CreateDirectory(keep).FullName : _folder.Path;
        List<object> expected = [];
        Dictionary<string, string> hashes = [];
        foreach (var (name, volume, type, format) in Cases())
        {
            format.Write(volume, Path.Combine(folder, name), type);
            expected.Add(new { name, size = volume.Geometry.Size, spacing = volume.Geometry.Spacing, origin = volume.Geometry.Origin, direction = volume.Geometry.Direction, channels = volume.Channels, values = volume.Voxels.ToArray().Select(v => (double)v) });
        }
        foreach (string file in Directory.GetFiles(folder).Where(f => !f.EndsWith(".json", StringComparison.Ordinal) && !Path.GetFileName(f).Contains("packed", StringComparison.Ordinal)))
            hashes[Path.GetFileName(file)] = Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(file)))[..16];
        if (keep is { Length: > 0 })
        {
            File.WriteAllText(Path.Combine(folder, "expected.json"), JsonSerializer.Serialize(expected));
            File.WriteAllText(Path.Combine(folder, "hashes.json"), "{\n" + string.Join(",\n", hashes.OrderBy(h => h.Key, StringComparer.Ordinal).Select(h => $"\"{h.Key}\": \"{h.Value}\"")) + "\n}\n");
        }
        var known = JsonSerializer.Deserialize<Dictionary<string, string>>(File.ReadAllBytes(s_hashes))!;
        Assert.Equal(known.OrderBy(h => h.Key), hashes.OrderBy(h => h.Key));
    }

    [Fact]
    public void Everything_written_comes_back()
    {
        foreach (var (name, volume, type, format) in Cases())
        {
            format.Write(volume, _folder[name], type);
            var back = VolumeFile.Read(_folder[name]);
            Assert.Equal(volume.Channels, back.Channels);
            Assert.True(volume.Voxels.SequenceEqual(back.Voxels), name);
            Assert.Equal(volume.Geometry.Size.AsEnumerable(), back.Geometry.Size);
            double tolerance = name.Contains(".nii", StringComparison.Ordinal) && !name.StartsWith("nifti2", StringComparison.Ordinal) || name.Contains(".hdr", StringComparison.Ordinal) ? 1e-6 : 1e-14; // NIfTI-1 has floats
            NiftiFormatTests.AssertClose(volume.Geometry.Spacing, back.Geometry.Spacing, tolerance);
            NiftiFormatTests.AssertClose(volume.Geometry.Origin, back.Geometry.Origin, tolerance);
            NiftiFormatTests.AssertClose(volume.Geometry.Direction, back.Geometry.Direction, tolerance);
        }
    }

    static IEnumerable<(string Name, MLVolume Volume, VolumeDataType Type, IVolumeFormat Format)> Cases()
    {
        IVolumeFormat[] raw = [new NiftiFormat(), new NrrdFormat(CompressionLevel.NoCompression), new MetaImageFormat(CompressionLevel.NoCompression)], packed = [new NiftiFormat(), new NrrdFormat(), new MetaImageFormat()];
        var second = new NiftiFormat(nifti2: true);
        IVolumeFormat Raw(string ending) => raw.First(f => f.Endings.Contains(ending));
        var oblique = Direction(0.1, -0.2, 0.3);
        foreach (var type in Enum.GetValues<VolumeDataType>())
        {
            foreach (string ending in s_single.Where(e => e != ".nii.gz")) yield return ($"type_{type}{ending}", Volume(type, oblique), type, Raw(ending));
            yield return ($"nifti2_{type}.nii", Volume(type, oblique), type, second);
        }
        for (int order = 0; order < 6; order++)
            for (int signs = 0; signs < 8; signs++)
                foreach (string ending in s_single.Where(e => e != ".nii.gz")) yield return ($"axes_{order}_{signs}{ending}", Volume(VolumeDataType.UInt8, Permutation(order, signs)), VolumeDataType.UInt8, Raw(ending));
        double[][] angles = [[0.4, 0.2, -0.7], [2.1, -1.3, 0.9], [-2.8, 0.05, 3.0], [0.001, -0.002, 0.0005]];
        for (int i = 0; i < angles.Length; i++)
        {
            foreach (string ending in s_single.Where(e => e != ".nii.gz")) yield return ($"oblique_{i}{ending}", Volume(VolumeDataType.UInt8, Direction(angles[i][0], angles[i][1], angles[i][2])), VolumeDataType.UInt8, Raw(ending));
            yield return ($"nifti2_oblique_{i}.nii", Volume(VolumeDataType.UInt8, Direction(angles[i][0], angles[i][1], angles[i][2])), VolumeDataType.UInt8, second);
        }
        foreach (string ending in s_pairs.Where(e => e != ".hdr.gz")) yield return ($"pair{ending}", Volume(VolumeDataType.Int16, oblique), VolumeDataType.Int16, Raw(ending));
        foreach (string ending in (string[])[.. s_single.Where(e => e != ".nii"), .. s_pairs.Where(e => e != ".hdr")]) yield return ($"packed_{ending[1..].Replace('.', '_')}{ending}", Volume(VolumeDataType.Int16, oblique), VolumeDataType.Int16, packed.First(f => f.Endings.Contains(ending)));
        var text = new NrrdFormat { Text = true };
        foreach (var type in (VolumeDataType[])[VolumeDataType.UInt8, VolumeDataType.Int16, VolumeDataType.UInt64, VolumeDataType.Float32, VolumeDataType.Float64])
            foreach (string ending in (string[])[".nrrd", ".nhdr"]) yield return ($"text_{type}{ending}", Volume(type, oblique, 2), type, text);
        foreach (string ending in (string[])[".nii", ".nrrd", ".mha"]) yield return ($"channels{ending}", Volume(VolumeDataType.Float32, oblique, 2), VolumeDataType.Float32, Raw(ending));
    }

    static MLVolume Volume(VolumeDataType type, double[] direction, int channels = 1)
    {
        float[] ends = type switch
        {
            VolumeDataType.UInt8 => [0, 255], VolumeDataType.Int8 => [-128, 127], VolumeDataType.Int16 => [-32768, 32767], VolumeDataType.UInt16 => [0, 65535],
            VolumeDataType.Int32 => [-16777216, 16777216], VolumeDataType.UInt32 => [0, 16777216], VolumeDataType.Int64 => [-16777216, 16777216], VolumeDataType.UInt64 => [0, 16777216], _ => [-1000.5f, 1234.25f],
        };
        bool whole = type is not (VolumeDataType.Float32 or VolumeDataType.Float64);
        var values = Enumerable.Range(0, 24 * channels).Select(i => ends[0] + (ends[1] - ends[0]) * (i * 7 % 24) / 23).Select(v => whole ? MathF.Round(v) : v).ToArray();
        return new(new([2, 3, 4], [1.25, 0.75, 3.5], [-20.5, 13.25, 7], direction), values, channels);
    }

    static double[] Permutation(int order, int signs)
    {
        int[][] orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
        var m = new double[9];
        for (int a = 0; a < 3; a++) m[3 * orders[order][a] + a] = (signs >> a & 1) == 1 ? -1 : 1;
        return m;
    }

    static double[] Direction(double a, double b, double c) => VolumeGeometryTests.Rotation([a, b, c], flip: false);
}
