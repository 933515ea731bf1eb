using System.Globalization;
using Microsoft.ML.Data;
using REHRSeg.Imaging;

namespace REHRSeg.Samples.Tests;

/// <summary>Each sample as its reader would start it, against the scorer called directly.</summary>
public sealed class IntroTests : IDisposable
{
    readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    string Write(int seed, string name)
    {
        VolumeFile.Write(TestData.Image(seed), _folder[name]);
        return _folder[name];
    }

    static void AssertLabels(MLVolume expected, string file)
    {
        var labels = VolumeFile.Read(file);
        Assert.Equal(expected.Voxels, labels.Voxels);
        Assert.Null(expected.Geometry.DescribeDifference(labels.Geometry));
    }

    [Fact]
    public void ScoreFile_writes_both_grids_and_the_uncertainty()
    {
        string output = SampleRun.Of("Intro", "ScoreFile", TestData.Model, Write(1, "image.nii.gz"), _folder["out"]).RequireSuccess().Output;
        Assert.Contains("2 thin slices a thick one; labels 0 background, 3 bright; on cpu", output);
        Assert.Contains("10x5x9 voxels of 1x4x1 mm -> 10x10x9 voxels of 1x2x1 mm", output);
        var expected = TestData.Score(TestData.Image(1));
        AssertLabels(expected.Lr!, _folder["out", "lr.nii.gz"]);
        AssertLabels(expected.Hr!, _folder["out", "hr.nii.gz"]);
        Assert.All(VolumeFile.Read(_folder["out", "uncertainty.nii.gz"]).Voxels.ToArray(), u => Assert.InRange(u, 0, 1));
    }

    [Fact]
    public void ScoreFolder_reports_a_damaged_file_and_goes_on()
    {
        for (int i = 0; i < 4; i++) Write(i, $"images/case{i}.nii.gz");
        File.WriteAllBytes(_folder["images", "case1.nii.gz"], [1, 2, 3]);
        var run = SampleRun.Of("Intro", "ScoreFolder", TestData.Model, _folder["images"], _folder["out"], "2");
        Assert.Equal(1, run.ExitCode);
        Assert.Matches(@"^case1 failed: .*case1\.nii\.gz: file content is not gzip", run.Error);
        Assert.Contains("3 of 4: case", run.Output);
        Assert.Equal(["case0.nii.gz", "case2.nii.gz", "case3.nii.gz"], Directory.EnumerateFiles(_folder["out"]).Select(Path.GetFileName).Order());
        foreach (int i in (int[])[0, 2, 3]) AssertLabels(TestData.Score(TestData.Image(i)).Hr!, _folder["out", $"case{i}.nii.gz"]);
    }

    [Fact]
    public async Task ScoreFolder_stops_on_Ctrl_C_within_a_volume()
    {
        if (!SampleRun.CanInterrupt) return;
        Write(1, "images/a.nii.gz");
        VolumeFile.Write(TestData.Large(), _folder["images", "b.nii.gz"], VolumeDataType.UInt8);
        using var process = SampleRun.Start("Intro", [], "ScoreFolder", TestData.Model, _folder["images"], _folder["out"], "1");
        var error = process.StandardError.ReadToEndAsync();
        Assert.Equal("1 of 2: a", process.StandardOutput.ReadLine());
        await Task.Delay(300);                                                                           // b is read and begun
        SampleRun.Interrupt(process);
        Assert.True(process.WaitForExit(TimeSpan.FromSeconds(20)));
        Assert.Equal((130, "Stopped: 1 of 2 are written."), (process.ExitCode, (await error).Trim()));
        Assert.Equal([_folder["out", "a.nii.gz"]], Directory.EnumerateFileSystemEntries(_folder["out"]));
    }

    [Fact]
    public void Columns_measures_both_visits_of_each_patient()
    {
        string[] rows = [.. Enumerable.Range(0, 2).Select(p => $"patient{p},{Path.GetFileName(Write(2 * p, $"{p}a.nii.gz"))},{Path.GetFileName(Write(2 * p + 1, $"{p}b.nii.gz"))}")];
        File.WriteAllLines(_folder["visits.csv"], ["patient,before,after", .. rows]);
        var run = SampleRun.Of("Intro", "Columns", TestData.Model, _folder["visits.csv"]).RequireSuccess();
        string[] ml = [.. Enumerable.Range(0, 4).Select(seed => (TestData.Score(TestData.Image(seed)).Hr!.Voxels.ToArray().Count(v => v == 3) * 0.002).ToString("0.000", CultureInfo.InvariantCulture))];
        Assert.Equal([$"patient0: {ml[0]} ml -> {ml[1]} ml", $"patient1: {ml[2]} ml -> {ml[3]} ml", $"engine: {ml[1]} ml"], run.Output.TrimEnd().ReplaceLineEndings("\n").Split('\n'));
    }

    [Fact]
    public void VolumeFormat_reads_what_numpy_wrote_and_writes_what_numpy_reads()
    {
        string image = TestData.Oracle("npz", "float32.npz");
        SampleRun.Of("Intro", "VolumeFormat", TestData.Model, image, _folder["labels.npz"]).RequireSuccess();
        var format = new Intro.NumpyVolumeFormat();
        var expected = TestData.Score(format.Read(image, new())).Hr!;
        var labels = format.Read(_folder["labels.npz"], new());
        Assert.Equal(expected.Geometry, labels.Geometry);
        Assert.Equal(expected.Voxels, labels.Voxels);
        Assert.Contains(3f, labels.Voxels.ToArray());
    }

    [Fact]
    public void Without_a_sample_the_names_are_told()
    {
        var run = SampleRun.Of("Intro");
        Assert.Equal(2, run.ExitCode);
        Assert.Contains("ScoreFile", run.Error);
    }
}
