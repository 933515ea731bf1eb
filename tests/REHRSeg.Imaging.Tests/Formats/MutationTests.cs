using REHRSeg.Fuzz;

namespace REHRSeg.Imaging.Tests.Formats;

/// <summary>Thousands of damaged files a format, as streams and as files: a <see cref="VolumeFormatException"/> or a volume, nothing else (tests/REHRSeg.Fuzz goes on from here).</summary>
public sealed class MutationTests : IDisposable
{
    readonly TempFolder _folder = new();

    public MutationTests() => Seeds.Write(_folder.Path);

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("nifti")]
    [InlineData("nrrd")]
    [InlineData("metaimage")]
    public void Damaged_streams_are_refused_or_read_alike_in_every_way(string format)
    {
        var target = Target.Of(format);
        var random = new Random(11);
        byte[][] seeds = [.. Directory.GetFiles(_folder[format]).Order(StringComparer.Ordinal).Select(File.ReadAllBytes)];
        foreach (var seed in seeds) target(seed);
        for (int i = 0; i < 4000; i++)
        {
            var bytes = Mutation.Of(seeds[random.Next(seeds.Length)], random);
            try
            {
                target(bytes);
            }
            catch (Exception e)
            {
                Assert.Fail($"mutation {i}, {Convert.ToBase64String(bytes)}: {e}");
            }
        }
    }

    [Theory]
    [InlineData("x.hdr")]
    [InlineData("x.hdr.gz")]
    [InlineData("x.nhdr")]
    [InlineData("x.mhd")]
    public void Damaged_headers_and_voxels_in_two_files_are_refused_or_read(string name)
    {
        VolumeFile.Write(new(new([2, 3, 4], [1, 2, 3]), new float[24]), _folder[name], VolumeDataType.Int16);
        string data = Directory.GetFiles(_folder.Path, "x.*").Single(f => f != _folder[name]);
        byte[] header = File.ReadAllBytes(_folder[name]), voxels = File.ReadAllBytes(data);
        var random = new Random(12);
        int read = 0, refused = 0;
        for (int i = 0; i < 1000; i++)
        {
            File.WriteAllBytes(_folder[name], i % 4 == 0 ? header : Mutation.Of(header, random));
            File.WriteAllBytes(data, i % 4 == 0 ? Mutation.Of(voxels, random) : voxels);
            try
            {
                Assert.InRange(VolumeFile.Read(_folder[name], new() { MaxVoxels = 1 << 20 }).Voxels.Length, 1, 1 << 20);
                read++;
            }
            catch (VolumeFormatException e)
            {
                Assert.Contains(_folder.Path, e.Message);
                refused++;
            }
        }
        Assert.True(read > 10 && refused > 10, $"{read} read, {refused} refused");
    }
}
