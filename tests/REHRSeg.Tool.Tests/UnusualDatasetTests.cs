using REHRSeg.Imaging;

namespace REHRSeg.Tool.Tests;

/// <summary>Datasets without labels, and with several channels and classes, by the command line.</summary>
public sealed class UnusualDatasetTests : IDisposable
{
    readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    static void AssertOnlyImages(string folder, params string[] ids)
    {
        Assert.Equal(ids.Select(id => id + "_0000.nii.gz"), Directory.GetFiles(Path.Combine(folder, "images")).Select(f => Path.GetFileName(f)).Order());
        Assert.Equal(ids.Select(id => id + ".nii.gz"), Directory.GetFiles(Path.Combine(folder, "uncertainty")).Select(f => Path.GetFileName(f)).Order());
        Assert.False(Directory.Exists(Path.Combine(folder, "labels")));
        Assert.Equal(24, VolumeFile.ReadGeometry(Path.Combine(folder, "images", ids[0] + "_0000.nii.gz")).Depth);
    }

    [Fact]
    public void Images_without_labels_are_super_resolved_and_not_segmented()
    {
        string data = TinyDataset.Write(_folder["data"], cases: 2);
        Directory.Delete(Path.Combine(data, "labelsTr"), recursive: true);
        string[] train = ["train", "--dataset", data, "--out", _folder["run"], "--preset", "tiny"];
        ToolRun.InProcess(train).AssertFailure("no label maps", "--only selfsr");
        ToolRun.InProcess("check", "--dataset", data).AssertDone();
        var run = ToolRun.InProcess([.. train, "--only", "selfsr"]);
        run.AssertDone();
        Assert.Contains("no labels", run.Error, StringComparison.Ordinal);
        ToolRun.InProcess([.. train, "--resume"]).AssertFailure("no label maps", "--only selfsr");
        foreach (string model in (string[])[_folder["run"], _folder["run", "selfsr.onnx"]])
        {
            string thin = _folder["thin" + Path.GetExtension(model)];
            var resolved = ToolRun.InProcess("superresolve", "--model", model, "--input", data, "--out", thin);
            resolved.AssertDone();
            Assert.Contains("without labels", resolved.Error, StringComparison.Ordinal);
            AssertOnlyImages(thin, "case_0", "case_1");
        }
    }

    [Fact]
    public void A_folder_of_volumes_serves_self_SR_alone()
    {
        foreach (int i in (int[])[0, 1]) VolumeFile.Write(TinyDataset.Case(i).Image, _folder["volumes", $"scan{i}.nii.gz"]);
        string[] train = ["train", "--dataset", _folder["volumes"], "--out", _folder["run"], "--preset", "tiny"];
        ToolRun.InProcess(train).AssertFailure("--only selfsr");
        ToolRun.InProcess([.. train, "--only", "selfsr"]).AssertDone();
        ToolRun.InProcess("superresolve", "--model", _folder["run"], "--input", _folder["volumes"], "--out", _folder["thin"]).AssertDone();
        AssertOnlyImages(_folder["thin"], "scan0", "scan1");
    }

    [Fact]
    public void Maps_that_are_all_empty_are_no_labels()
    {
        string data = TinyDataset.Write(_folder["data"], cases: 2);
        for (int i = 0; i < 2; i++) SimulateVerb.WriteLabel(TinyDataset.Case(i).Label.WithVoxels(new float[TinyDataset.Case(i).Label.Voxels.Length]), data, $"case_{i}");
        string[] train = ["train", "--dataset", data, "--out", _folder["run"], "--preset", "tiny"];
        ToolRun.InProcess(train).AssertFailure("annotated", "--only selfsr");
        ToolRun.InProcess([.. train, "--only", "selfsr"]).AssertDone();
        ToolRun.InProcess("superresolve", "--model", _folder["run"], "--input", data, "--out", _folder["thin"]).AssertDone();
        AssertOnlyImages(_folder["thin"], "case_0", "case_1");
    }

    [Fact]
    public void Thick_slices_are_simulated_without_labels()
    {
        foreach (int i in (int[])[0, 1]) VolumeFile.Write(TinyDataset.Case(i, slices: 24, sliceSpacing: 1).Image, _folder["thin", $"scan{i}.nii.gz"]);
        ToolRun.InProcess("simulate", "--dataset", _folder["thin"], "--out", _folder["thick"], "--factor", "4", "--axis", "z").AssertDone();
        Assert.False(Directory.Exists(_folder["thick", "labelsTr"]));
        Assert.Equal(6, VolumeFile.ReadGeometry(_folder["thick", "imagesTr", "scan0_0000.nii.gz"]).Depth);
        Assert.Equal(24, VolumeFile.ReadGeometry(_folder["thick", "hr", "imagesTr", "scan1_0000.nii.gz"]).Depth);
        ToolRun.InProcess("check", "--dataset", _folder["thick"]).AssertDone();
    }

    [Fact]
    public void Two_channels_and_three_classes_go_all_the_way()
    {
        string data = _folder["data"];
        for (int i = 0; i < 3; i++)
        {
            var (image, label) = TinyDataset.Case(i);
            float[] reversed = [.. image.Voxels.ToArray().Select(v => 9000 - 20 * v)], halves = label.Voxels.ToArray();
            for (int n = 0; n < halves.Length; n++) if (halves[n] == 1 && n % 24 < 12) halves[n] = 2;
            float[] both = [.. image.Voxels, .. reversed];
            SimulateVerb.WriteImage(image.WithVoxels(both, 2), data, $"case_{i}");
            SimulateVerb.WriteLabel(label.WithVoxels(halves), data, $"case_{i}");
        }
        MedicalDataset.WriteDescription(data, "two", [new(0, "background"), new(1, "right"), new(2, "left")], ["T1", "T2"], 3);
        ToolRun.InProcess("train", "--dataset", data, "--out", _folder["run"], "--preset", "tiny").AssertDone();
        ToolRun.InProcess("superresolve", "--model", _folder["run"], "--input", data, "--out", _folder["torch"]).AssertDone();
        ToolRun.InProcess("superresolve", "--model", _folder["run", "selfsr.onnx"], "--input", data, "--out", _folder["onnx"]).AssertDone();
        for (int c = 0; c < 2; c++)
        {
            string name = $"case_0_{c:0000}.nii.gz";
            var (thick, a, b) = (VolumeFile.Read(Path.Combine(data, "imagesTr", name)).Voxels.ToArray(), VolumeFile.Read(_folder["torch", "images", name]), VolumeFile.Read(_folder["onnx", "images", name]));
            Assert.Equal((1, 24), (a.Channels, a.Depth));
            float range = thick.Max() - thick.Min();
            Assert.Equal(thick.Average(), a.Voxels.ToArray().Average(), 0.05 * range);
            Assert.All(a.Voxels.ToArray(), v => Assert.InRange(v, thick.Min() - 0.5f * range, thick.Max() + 0.5f * range));
            for (int i = 0; i < a.Voxels.Length; i++) Assert.True(Math.Abs(a.Voxels[i] - b.Voxels[i]) < 1e-3f * range, $"{name} differs at {i}");
        }
        Assert.False(File.Exists(_folder["torch", "images", "case_0_0002.nii.gz"]));
        Assert.All(VolumeFile.Read(_folder["torch", "labels", "case_0.nii.gz"]).Voxels.ToArray(), v => Assert.Contains(v, (float[])[0, 1, 2]));
        ToolRun.InProcess("superresolve", "--model", "spline", "--factor", "4", "--input", data, "--cases", "case_1", "--out", _folder["spline"]).AssertDone();
        Assert.Equal(2, Directory.GetFiles(_folder["spline", "images"]).Length);
        ToolRun.InProcess("evaluate", "--predictions", _folder["torch", "images"], "--reference", _folder["onnx", "images"], "--kind", "images").AssertDone();
        ToolRun.InProcess("predict", "--model", _folder["run"], "--input", data, "--cases", "case_0", "--out", _folder["predicted"], "--no-tta").AssertDone();
        Assert.All(VolumeFile.Read(_folder["predicted", "hr", "case_0.nii.gz"]).Voxels.ToArray(), v => Assert.Contains(v, (float[])[0, 1, 2]));
    }

    [Fact]
    public void A_gap_and_a_ratio_that_is_no_integer_are_trained_for_and_said()
    {
        string data = TinyDataset.Write(_folder["data"], cases: 2, sliceSpacing: 3.7);
        var check = ToolRun.InProcess("check", "--dataset", data);
        check.AssertDone();
        Assert.Contains("thin slices of 0.925 mm", check.Error + check.Output, StringComparison.Ordinal);
        string[] train = ["train", "--dataset", data, "--preset", "tiny", "--only", "selfsr"];
        ToolRun.InProcess([.. train, "--out", _folder["bad"], "--slice-thickness", "37"]).AssertFailure("37 mm", "3.7 mm");
        var run = ToolRun.InProcess([.. train, "--out", _folder["run"], "--slice-thickness", "3"]);
        run.AssertDone();
        Assert.Contains("a gap", run.Output, StringComparison.Ordinal);
        using var model = new REHRSeg.Onnx.OnnxSuperResolver(_folder["run", "selfsr.onnx"]);
        foreach (var (expected, actual) in SliceProfile.Gaussian(4, 3 / (3.7 / 4)).Weights.Zip(model.Info.Profile!.Weights)) Assert.Equal(expected, actual, 1e-6f); // the file's spacing is a float
        ToolRun.InProcess("superresolve", "--model", _folder["run"], "--input", data, "--out", _folder["thin"]).AssertDone();
        Assert.True(VolumeFile.ReadGeometry(_folder["thin", "images", "case_0_0000.nii.gz"]).IsSameGrid(TinyDataset.Case(0, sliceSpacing: 3.7).Image.Geometry.Refine(4, SliceAxis.Z)));
    }
}
