using Microsoft.ML;
using REHRSeg.Imaging;
using REHRSeg.Imaging.Tests;

namespace REHRSeg.Tool.Tests;

/// <summary>Each kind of bad input: one clear message with file, field and remedy, exit 1, nothing half-written.</summary>
public sealed class BadInputTests
{
    static ToolRun Train(TemporaryFolder folder, params string[] more) =>
        ToolRun.InProcess(["train", "--dataset", folder["data"], "--out", folder["run"], "--preset", "tiny", .. more]);

    static void AssertNothingTrained(TemporaryFolder folder)
    {
        Assert.False(File.Exists(folder["run", "model.zip"]));
        Assert.False(File.Exists(folder["run", "config.json"]));
    }

    [Fact]
    public void Image_and_label_of_different_shape()
    {
        using var folder = new TemporaryFolder();
        TinyDataset.Write(folder["data"]);
        SimulateVerb.WriteLabel(TinyDataset.Case(0, slices: 5).Label, folder["data"], "case_1");
        Train(folder).AssertFailure("case_1", "size", "24x24x6", "24x24x5");
        AssertNothingTrained(folder);
    }

    [Fact]
    public void Image_and_label_of_different_geometry()
    {
        using var folder = new TemporaryFolder();
        TinyDataset.Write(folder["data"]);
        SimulateVerb.WriteLabel(TinyDataset.Case(0, sliceSpacing: 5).Label, folder["data"], "case_1");
        Train(folder).AssertFailure("case_1", "spacing");
        AssertNothingTrained(folder);
    }

    [Fact]
    public void A_label_value_without_name()
    {
        using var folder = new TemporaryFolder();
        TinyDataset.Write(folder["data"]);
        var label = TinyDataset.Case(2).Label;
        var voxels = label.Voxels.ToArray();
        voxels[7] = 9;
        SimulateVerb.WriteLabel(label.WithVoxels(voxels), folder["data"], "case_2");
        Train(folder).AssertFailure("case_2", "9", "dataset.json");
        AssertNothingTrained(folder);
    }

    [Fact]
    public void NaN_voxels()
    {
        using var folder = new TemporaryFolder();
        TinyDataset.Write(folder["data"]);
        var image = TinyDataset.Case(2).Image;
        var voxels = image.Voxels.ToArray();
        voxels[7] = float.NaN;
        SimulateVerb.WriteImage(image.WithVoxels(voxels), folder["data"], "case_2");
        Train(folder).AssertFailure("case_2", "NaN");
        AssertNothingTrained(folder);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Too_few_slices(int slices)
    {
        using var folder = new TemporaryFolder();
        TinyDataset.Write(folder["data"], slices: slices);
        Train(folder).AssertFailure("case_0", "slice");
        AssertNothingTrained(folder);
    }

    [Fact]
    public void Isotropic_input_without_factor()
    {
        using var folder = new TemporaryFolder();
        TinyDataset.Write(folder["data"], slices: 24, sliceSpacing: 1);
        Train(folder).AssertFailure("--factor");
        AssertNothingTrained(folder);
    }

    [Fact]
    public void An_empty_dataset()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder["data", "imagesTr"]);
        MedicalDataset.WriteDescription(folder["data"], "empty", TinyDataset.Labels, ["MR"], 0);
        Train(folder).AssertFailure(folder["data"]);
        AssertNothingTrained(folder);
    }

    [Fact]
    public void A_folder_without_description()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder["data"]);
        Train(folder).AssertFailure("dataset.json");
    }

    [Fact]
    public void A_truncated_file()
    {
        using var folder = new TemporaryFolder();
        TinyDataset.Write(folder["data"]);
        string file = folder["data", "imagesTr", "case_3_0000.nii.gz"];
        File.WriteAllBytes(file, File.ReadAllBytes(file)[..^400]);
        Train(folder).AssertFailure("case_3_0000.nii.gz");
        AssertNothingTrained(folder);
    }

    [Fact]
    public void An_output_folder_that_cannot_be_written()
    {
        using var folder = new TemporaryFolder();
        TinyDataset.Write(folder["data"]);
        File.WriteAllText(folder["run"], "a file where a folder should be");
        Train(folder).AssertFailure("--out", folder["run"]);
        ToolRun.InProcess("simulate", "--dataset", folder["data"], "--out", folder["run"], "--factor", "2").AssertFailure(folder["run"]);
        Assert.Equal("a file where a folder should be", File.ReadAllText(folder["run"]));
    }

    [Fact]
    public void A_run_folder_that_holds_a_run_is_not_overwritten()
    {
        using var folder = new TemporaryFolder();
        TinyDataset.Write(folder["data"]);
        Directory.CreateDirectory(folder["run"]);
        File.WriteAllText(folder["run", "model.zip"], "old");
        Train(folder).AssertFailure("--resume");
        Assert.Equal("old", File.ReadAllText(folder["run", "model.zip"]));
    }

    [Fact]
    public void What_a_failed_start_left_does_not_block_the_next()
    {
        using var folder = new TemporaryFolder();
        TinyDataset.Write(folder["data"]);
        Directory.CreateDirectory(folder["run"]);
        File.WriteAllText(folder["run", "config.json"], "{}");
        File.WriteAllText(folder["run", "splits.json"], "[]");
        Train(folder, "--fold", "0", "--folds", "5").AssertFailure("4 case(s)", "5 folds");
    }

    [Fact]
    public void Simulate_does_not_overwrite_its_input()
    {
        using var folder = new TemporaryFolder();
        TinyDataset.Write(folder["data"], cases: 1, slices: 24, sliceSpacing: 1);
        byte[] before = File.ReadAllBytes(folder["data", "imagesTr", "case_0_0000.nii.gz"]);
        ToolRun.InProcess("simulate", "--dataset", folder["data"], "--out", folder["data"] + "/", "--factor", "2").AssertUsage("overwrite");
        Assert.Equal(before, File.ReadAllBytes(folder["data", "imagesTr", "case_0_0000.nii.gz"]));
    }

    [Fact]
    public void The_demo_deletes_no_run_of_others()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder["run"]);
        File.WriteAllText(folder["run", "model.zip"], "weeks of work");
        ToolRun.InProcess("demo", "--out", folder[""]).AssertFailure("run", "another folder");
        Assert.Equal("weeks of work", File.ReadAllText(folder["run", "model.zip"]));
    }

    [Fact]
    public void A_model_zip_that_is_damaged()
    {
        using var folder = new TemporaryFolder();
        TinyDataset.Write(folder["data"], cases: 1);
        Directory.CreateDirectory(folder["run"]);
        File.WriteAllText(folder["run", "model.zip"], "not a zip");
        ToolRun.InProcess("predict", "--model", folder["run"], "--input", folder["data"], "--out", folder["out"]).AssertFailure("model.zip", "--resume");
        Assert.False(Directory.Exists(folder["out"]));
    }

    [Fact]
    public void A_model_zip_of_a_later_version()
    {
        using var folder = new TemporaryFolder();
        TinyDataset.Write(folder["data"], cases: 1);
        Directory.CreateDirectory(folder["run"]);
        var ml = new MLContext();
        var cases = ml.Data.LoadMedicalDataset(folder["data"]);
        ml.Model.Save(ml.Transforms.LoadVolumes("Volume", "Id").Append(ml.Transforms.CopyColumns("Copy", "Volume")).Fit(cases), cases.Schema, folder["run", "model.zip"]);
        LaterFormat.Raise(folder["run", "model.zip"], "RSLOADVO");
        var run = ToolRun.InProcess("predict", "--model", folder["run"], "--input", folder["data"], "--out", folder["out"]);
        run.AssertFailure("model.zip", "format version 1.2", "up to 1.1", "Update the REHRSeg packages");
        Assert.DoesNotContain("--resume", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_that_another_training_uses()
    {
        using var folder = new TemporaryFolder();
        TinyDataset.Write(folder["data"]);
        Directory.CreateDirectory(folder["run"]);
        using (File.Open(folder["run", ".lock"], FileMode.Create, FileAccess.ReadWrite, FileShare.None)) Train(folder).AssertFailure("in use");
        AssertNothingTrained(folder);
    }

    [Fact]
    public void A_bad_case_in_a_batch_is_reported_and_the_rest_go_on()
    {
        using var folder = new TemporaryFolder();
        TinyDataset.Write(folder["data"]);
        File.WriteAllBytes(folder["data", "imagesTr", "case_1_0000.nii.gz"], [1, 2, 3]);
        ToolRun.InProcess("superresolve", "--model", "spline", "--factor", "4", "--input", folder["data"], "--out", folder["out"]).AssertFailure("case_1", "1 of 4 cases failed");
        Assert.Equal(3, Directory.GetFiles(folder["out", "images"]).Length);
        Assert.Empty(Directory.GetFiles(folder["out", "images"], "*tmp*"));
    }

    [Fact]
    public void A_model_that_is_not_one()
    {
        using var folder = new TemporaryFolder();
        TinyDataset.Write(folder["data"], cases: 1);
        File.WriteAllBytes(folder["model.onnx"], [8, 8, 18, 0]);
        ToolRun.InProcess("predict", "--model", folder["model.onnx"], "--input", folder["data"], "--out", folder["out"]).AssertFailure("model.onnx");
        ToolRun.InProcess("predict", "--model", folder["nowhere"], "--input", folder["data"], "--out", folder["out"]).AssertFailure("nowhere");
        Assert.False(Directory.Exists(folder["out"]));
    }
}
