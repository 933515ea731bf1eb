using System.Diagnostics;
using REHRSeg.Imaging;

namespace REHRSeg.Tool.Tests;

/// <summary>What an experiment refuses, before any training where it can.</summary>
public sealed class ExperimentRefusalTests(SimulatedCases cases) : IClassFixture<SimulatedCases>
{
    [Fact]
    public void Command_lines_that_make_no_sense_are_refused_before_anything_is_written()
    {
        using var folder = new TemporaryFolder();
        string to = folder["out"];
        cases.Experiment(to, "--fold", "5").AssertUsage("--fold 5", "0 to 4");
        cases.Experiment(to, "--fold", "0", "--only", "nothing").AssertUsage("--only nothing", "plain, pseudo, full");
        cases.Experiment(to, "--folds", "1").AssertUsage("--folds is 1");
        cases.Experiment(to, "--set", "nonsense.width=3").AssertUsage("nonsense");
        cases.Experiment(to, "--folds", "6").AssertFailure("5 case(s)", "--folds");
        Assert.Contains("'rehrseg experiment --help'", ToolRun.InProcess("experiment").Error, StringComparison.Ordinal);
        File.WriteAllText(folder["unknown.json"], File.ReadAllText(cases.Grid).Replace("segmentation.mirror", "segmentation.mirrors", StringComparison.Ordinal));
        ToolRun.InProcess("experiment", "--grid", folder["unknown.json"], "--dataset", cases.Thick, "--out", to).AssertUsage("mirrors", "unknown.json");
        File.WriteAllText(folder["cycle.json"], File.ReadAllText(cases.Grid).Replace("\"title\": \"REHRSeg\"", "\"title\": \"REHRSeg\", \"extends\": \"pseudo\"", StringComparison.Ordinal));
        ToolRun.InProcess("experiment", "--grid", folder["cycle.json"], "--dataset", cases.Thick, "--out", to).AssertUsage("cycle.json", "pseudo", "full");
        Assert.False(Directory.Exists(to));

        string untrue = TinyDataset.Write(folder["untrue"], cases: 5);
        ToolRun.InProcess("experiment", "--grid", cases.Grid, "--dataset", untrue, "--out", to).AssertFailure("hr", "rehrseg simulate");
        Assert.False(Directory.Exists(Path.Combine(to, "stages")));
        File.WriteAllText(folder["file"], "");
        cases.Experiment(folder["file"]).AssertFailure("--out", "cannot be written", "another folder");
    }

    [Fact]
    public void A_second_process_on_the_folder_is_refused()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder["out"]);
        using (OutputFolder.Lock(folder["out"])) cases.Experiment(folder["out"], "--fold", "0").AssertFailure("another experiment", folder["out"], "another folder");
        Assert.False(Directory.Exists(Path.Combine(folder["out"], "cells")));
    }

    [Fact]
    public void Results_of_another_dataset_are_not_mixed_in()
    {
        using var folder = new TemporaryFolder();
        string to = folder["out"];
        cases.Experiment(to, "--fold", "0", "--only", "plain").AssertDone();
        var unit = new ExperimentFolder(to).Unit("plain", 0);
        string hash = SimulatedCases.Unit(to, "plain", 0).Dataset, result = File.ReadAllText(unit.Result);

        string moved = folder["moved"];
        Copy(cases.Thick, moved);
        ToolRun.InProcess("experiment", "--grid", cases.Grid, "--dataset", moved, "--out", to, "--fold", "0", "--only", "plain", "--resume").AssertDone();
        Assert.Equal(result, File.ReadAllText(unit.Result)); // the same data elsewhere
        var label = VolumeFile.Read(Path.Combine(moved, "labelsTr", "case_2.nii.gz"));
        VolumeFile.WriteLabels(label.WithVoxels(new float[label.Geometry.VoxelCount]), Path.Combine(moved, "labelsTr", "case_2.nii.gz"));
        ToolRun.InProcess("experiment", "--grid", cases.Grid, "--dataset", moved, "--out", to, "--fold", "0", "--only", "plain", "--resume").AssertFailure("other data", hash, "--out");

        File.WriteAllText(unit.Result, result.Replace(hash, "0123456789ab", StringComparison.Ordinal));
        Assert.Throws<DatasetException>(() => ExperimentResults.Read(to));
        cases.Experiment(to, "--fold", "1", "--only", "plain", "--resume").AssertFailure("0123456789ab", hash, "--resume");
        cases.Experiment(to, "--fold", "0", "--only", "plain", "--resume", "--seed", "2").AssertUsage("--seed 1", "2");
    }

    [Fact]
    public void A_full_disk_ends_it_with_the_reason_and_leaves_nothing_half_written()
    {
        if (OperatingSystem.IsWindows()) return; // no file size limit there
        using var folder = new TemporaryFolder();
        string to = folder["out"];
        var start = new ProcessStartInfo("sh") { RedirectStandardError = true, RedirectStandardOutput = true };
        // ulimit -f counts 512-byte blocks in sh; a write beyond it fails as one on a full disk does.
        start.ArgumentList.Add("-c");
        start.ArgumentList.Add("trap '' XFSZ; ulimit -f 60; exec \"$0\" \"$@\"");
        foreach (string a in (string[])["dotnet", Path.Combine(AppContext.BaseDirectory, "REHRSeg.Tool.dll"), "experiment", "--grid", cases.Grid, "--dataset", cases.Thick, "--out", to, "--fold", "0", "--only", "plain"]) start.ArgumentList.Add(a);
        start.Environment["DOTNET_EnableWriteXorExecute"] = "0"; // its double mapping is a file that would be limited too
        using var process = Process.Start(start)!;
        var run = ToolRun.Finish(process);
        Assert.True(run.Code == CommandLine.Failed, run.Error);
        Assert.Contains(to, run.Error, StringComparison.Ordinal);
        Assert.Contains("space", run.Error, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(to, "*.tmp*", SearchOption.AllDirectories));
        Assert.Empty(Directory.GetFiles(to, "result.json", SearchOption.AllDirectories));
        cases.Experiment(to, "--fold", "0", "--only", "plain", "--resume").AssertDone();
        Assert.Single(ExperimentResults.Read(to).Units);
    }

    static void Copy(string from, string to)
    {
        foreach (string file in Directory.GetFiles(from, "*", SearchOption.AllDirectories))
        {
            string target = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
    }
}
