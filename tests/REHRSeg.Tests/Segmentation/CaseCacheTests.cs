using REHRSeg.Imaging;
using REHRSeg.Onnx;
using static TorchSharp.torch;

namespace REHRSeg.Tests.Segmentation;

public class CaseCacheTests
{
    static readonly SegmentationModelInfo s_info = new() { Factor = 4, Patch = new(8, 16, 16), Divisor = new(1, 8, 8), TargetSpacing = [4, 1, 1], Labels = [new(0, "background"), new(1, "a")] };
    static readonly RehrSegTrainingData s_data = EllipsoidData.Dataset(2, pseudo: true);

    static string[] Entries(TemporaryFolder folder) => Directory.Exists(folder.Path) ? [.. Directory.GetFiles(folder.Path, "*", SearchOption.AllDirectories).Order()] : [];

    static void AssertSame(SegmentationCase expected, SegmentationCase actual)
    {
        Assert.Equal((expected.Id, expected.Shape, expected.Channels, expected.Factor), (actual.Id, actual.Shape, actual.Channels, actual.Factor));
        Assert.Equal(expected.Image.ToArray(), actual.Image.ToArray());
        Assert.Equal(expected.Label.ToArray(), actual.Label.ToArray());
        Assert.Equal(expected.HrLabel?.ToArray(), actual.HrLabel?.ToArray());
        Assert.Equal(expected.Uncertainty?.ToArray(), actual.Uncertainty?.ToArray());
        Assert.Equal(expected.UnitRanges.ToArray(), actual.UnitRanges.ToArray());
        Assert.Equal(expected.Foreground.Select(f => f.ToArray()), actual.Foreground.Select(f => f.ToArray()));
    }

    [Fact]
    public void Mapped_cases_equal_those_in_memory_and_are_made_once()
    {
        using var folder = new TemporaryFolder();
        var memory = new CasePreparation(s_info, (0.0, 1.0), 3);
        var expected = memory.Real(s_data.Real, _ => SliceAxis.Z, default).Concat(memory.Pseudo(s_data.Pseudo, default)).ToArray();
        DateTime[] written = [];
        for (int run = 0; run < 2; run++)
        {
            using var cache = new CaseCache(folder.Path, m => Assert.Fail(m));
            var preparation = new CasePreparation(s_info, (0.0, 1.0), 3, cache);
            var actual = preparation.Real(s_data.Real, _ => SliceAxis.Z, default).Concat(preparation.Pseudo(s_data.Pseudo, default)).ToArray();
            foreach (var (e, a) in expected.Zip(actual)) AssertSame(e, a);
            Assert.Equal(10, Entries(folder).Length);
            DateTime[] times = [.. Entries(folder).Select(File.GetLastWriteTimeUtc)];
            if (run == 1) Assert.Equal(written, times);
            written = times;
            cache.Dispose();
            Assert.Throws<ObjectDisposedException>(() => actual[0].Image[0]);
        }
    }

    /// <summary>What a fold holds out can not have left a trace in the entries of the cases it trains on.</summary>
    [Fact]
    public void An_entry_does_not_depend_on_other_cases()
    {
        using var folder = new TemporaryFolder();
        byte[][] contents = [.. new[] { s_data.Real[1], EllipsoidData.Thick(77) }.Select(other =>
        {
            string own = Path.Combine(folder.Path, other.Id);
            using var cache = new CaseCache(own, m => Assert.Fail(m));
            var first = s_data.Real[0];
            new CasePreparation(s_info, null, 3, cache).Real([other, first], _ => SliceAxis.Z, default);
            string entry = Path.Combine(own, CaseKey.Of(s_info, null, 3, SliceAxis.Z, first.Image, first.Label, null, null) + ".case");
            return File.ReadAllBytes(entry);
        })];
        Assert.Equal(contents[0], contents[1]);
    }

    [Fact]
    public void The_key_follows_content_and_every_option_that_matters()
    {
        var (image, label) = (s_data.Real[0].Image, s_data.Real[0].Label);
        var voxels = image.Voxels.ToArray();
        voxels[5] += 1;
        var g = image.Geometry;
        var pair = s_data.Pseudo[1]; // at start 0 it is the thick case
        string[] keys =
        [
            Key(s_info, image), Key(s_info, image.WithVoxels(voxels)), Key(s_info, new(new VolumeGeometry([.. g.Size], [g.Spacing[0], g.Spacing[1], g.Spacing[2] + 1e-9]), image.Memory)),
            Key(s_info with { TargetSpacing = [4, 1, 1.1] }, image), Key(s_info with { NormaliseInsideNonzero = true }, image), Key(s_info with { Labels = [new(0, "background"), new(2, "a")] }, image), Key(s_info with { Factor = 2 }, image),
            CaseKey.Of(s_info, (0.0, 1.0), 3, SliceAxis.Z, image, label, null, null), CaseKey.Of(s_info, null, 4, SliceAxis.Z, image, label, null, null), CaseKey.Of(s_info, null, 3, SliceAxis.X, image, label, null, null),
            CaseKey.Of(s_info, null, 3, SliceAxis.Z, image, image, null, null), CaseKey.Of(s_info, null, 3, SliceAxis.Z, pair.Image, pair.Label, pair.HrLabel, pair.Uncertainty), CaseKey.Of(s_info, null, 3, SliceAxis.Z, pair.Image, pair.Label, null, null),
        ];
        Assert.Equal(keys.Length, keys.Distinct().Count());
        Assert.Equal(keys[0], Key(s_info with { TrainingFingerprint = "other", Patch = new(4, 8, 8), TileStep = 0.3 }, image.WithVoxels(image.Voxels.ToArray())));

        string Key(SegmentationModelInfo info, MLVolume of) => CaseKey.Of(info, null, 3, SliceAxis.Z, of, label, null, null);
    }

    [Theory]
    [InlineData("flipped bit")]
    [InlineData("cut off")]
    [InlineData("empty")]
    [InlineData("another case")]
    [InlineData("not a case")]
    public void Damaged_entries_are_made_anew_with_a_warning(string damage)
    {
        using var folder = new TemporaryFolder();
        List<string> warnings = [];
        Prepare();
        string[] entries = Entries(folder);
        byte[] intact = File.ReadAllBytes(entries[0]);
        File.WriteAllBytes(entries[0], damage switch
        {
            "flipped bit" => [.. intact.Select((b, i) => i == intact.Length / 2 ? (byte)(b ^ 4) : b)],
            "cut off" => intact[..(intact.Length - 100)],
            "empty" => [],
            "another case" => File.ReadAllBytes(entries[1]),
            _ => new byte[5000],
        });
        Prepare();
        Assert.Contains(entries[0], Assert.Single(warnings));
        Assert.Equal(intact, File.ReadAllBytes(entries[0]));

        void Prepare()
        {
            using var cache = new CaseCache(folder.Path, warnings.Add);
            new CasePreparation(s_info, null, 3, cache).Real(s_data.Real, _ => SliceAxis.Z, default);
        }
    }

    [Fact]
    public void A_failed_write_leaves_nothing()
    {
        using var folder = new TemporaryFolder();
        using var cache = new CaseCache(folder.Path, _ => { });
        var broken = new SegmentationCase { Id = "a", Shape = new(1, 1, 1), Channels = 1, Image = new float[1], Label = new byte[1], Factor = 1, Foreground = [] };
        string key = new('a', 64);
        Directory.CreateDirectory(Path.Combine(folder.Path, key + ".case"));
        Assert.Contains(key, Assert.Throws<IOException>(() => cache.GetOrAdd(key, "a", () => broken)).Message);
        Assert.Empty(Entries(folder));
    }

    [Fact]
    public void Large_data_goes_into_the_run_folder_until_the_training_has_finished()
    {
        using var folder = new TemporaryFolder();
        var context = new TrainingContext { Device = CPU, Directory = folder.Path };
        Assert.Null(CaseCache.Open(20, 100, new(), context));
        Assert.Null(CaseCache.Open(30, 100, new(), context with { Directory = null }));
        foreach (bool finished in new[] { false, true })
        {
            using var cache = CaseCache.Open(30, 100, new(), context)!;
            new CasePreparation(s_info, null, 3, cache).Real(s_data.Real, _ => SliceAxis.Z, default);
            Assert.All(Entries(folder), e => Assert.Equal(Path.Combine(folder.Path, "cache"), Path.GetDirectoryName(e)));
            if (finished) cache.Complete();
            cache.Dispose();
            Assert.Equal(finished ? 0 : 2, Entries(folder).Length);
        }
        Assert.Contains("--cache", Assert.Throws<IOException>(() => CaseCache.Open(long.MaxValue / 4, 100, new(), context)).Message);
    }

    [Fact]
    public void A_training_gives_the_same_bytes_with_and_without_cache()
    {
        using var folder = new TemporaryFolder();
        var options = new RehrSegOptions { BaseFeatures = 4, MaxFeatures = 8, NnUNetIterations = 2, FineTuneIterations = 2, RealFraction = 0.5, BFloat16 = false, UseDistillation = false };
        byte[] memory = Train(options), mapped = Train(options with { CacheDirectory = folder.Path });
        Assert.Equal(10, Entries(folder).Length);
        Assert.Equal(memory, mapped);
        Assert.Equal(memory, Train(options with { CacheDirectory = folder.Path }));

        static byte[] Train(RehrSegOptions options)
        {
            using var model = RehrSegTrainer.Train(s_data, options, new() { Device = CPU, Seed = 7 });
            using var file = new MemoryStream();
            model.Save(file);
            return file.ToArray();
        }
    }

    [Fact]
    public void The_journal_tells_the_share_of_time_that_waits_for_data()
    {
        using var folder = new TemporaryFolder();
        var options = new RehrSegOptions { BaseFeatures = 4, MaxFeatures = 8, NnUNetIterations = 2, FineTuneIterations = 2, BFloat16 = false, UseDistillation = false };
        RehrSegTrainer.Train(s_data, options, new() { Device = CPU, Seed = 7, Directory = folder.Path }).Dispose();
        var shares = File.ReadLines(folder[TrainingJournal.FileName]).Select(line => System.Text.Json.JsonDocument.Parse(line).RootElement).ToLookup(e => e.GetProperty("stage").GetString(), e => e.GetProperty("data_wait").GetDouble());
        Assert.Equal([TrainingStages.NnUNet, TrainingStages.RehrSeg], shares.Select(s => s.Key));
        Assert.All(shares.SelectMany(s => s), share => Assert.InRange(share, 1e-9, 1));
    }
}
