using System.Text.Json;
using REHRSeg.Imaging;

namespace REHRSeg.Tool.Tests;

public sealed class SimulateAndEvaluateTests
{
    [Theory]
    [InlineData("x", 0)]
    [InlineData("y", 1)]
    [InlineData("z", 2)]
    public void Simulate_writes_thick_slices_and_thin_truth_on_the_refined_grid(string axis, int index)
    {
        using var folder = new TemporaryFolder();
        TinyDataset.Write(folder["thin"], cases: 2, slices: 26, size: 26, sliceSpacing: 1);
        ToolRun.InProcess("simulate", "--dataset", folder["thin"], "--out", folder["thick"], "--factor", "4", "--axis", axis, "--start", "1").AssertDone();
        var thick = MedicalDataset.Open(folder["thick"]);
        var truth = MedicalDataset.Open(folder["thick", "hr"]);
        Assert.Equal(2, thick.Cases.Count);
        var image = thick.Cases[0].ReadImage();
        Assert.Equal(6, image.Geometry.Size[index]);
        Assert.Equal((SliceAxis)index, image.Geometry.DetectSliceAxis());
        Assert.True(truth.Cases[0].ReadImage().Geometry.IsSameGrid(image.Geometry.Refine(4, (SliceAxis)index)));
        Assert.True(truth.Cases[0].ReadLabel(truth.Labels).Geometry.IsSameGrid(image.Geometry.Refine(4, (SliceAxis)index)));
        image.RequireSameGrid(thick.Cases[0].ReadLabel(thick.Labels), "image", "label");
    }

    [Fact]
    public void A_perfect_prediction_scores_perfectly_and_a_shifted_one_does_not()
    {
        using var folder = new TemporaryFolder();
        TinyDataset.Write(folder["data"], cases: 3);
        ToolRun.InProcess("evaluate", "--predictions", folder["data", "labelsTr"], "--reference", folder["data", "labelsTr"], "--out", folder["same.json"]).AssertDone();
        var same = JsonSerializer.Deserialize<Evaluation>(File.ReadAllText(folder["same.json"]), ToolConsole.JsonForm)!;
        Assert.Equal(1.0, same.Mean("DSC"));
        Assert.Equal(0.0, same.Mean("HD95"));
        Assert.Equal("ball", same.Summary[0].Name);

        var label = VolumeFile.Read(folder["data", "labelsTr", "case_0.nii.gz"]);
        var shifted = new float[label.Voxels.Length];
        label.Voxels[..^2].CopyTo(shifted.AsSpan(2));
        VolumeFile.Write(label.WithVoxels(shifted), folder["shifted", "case_0.nii.gz"], VolumeDataType.UInt8);
        var run = ToolRun.InProcess("evaluate", "--predictions", folder["shifted"], "--reference", folder["data", "labelsTr"], "--json", "--quiet");
        run.AssertDone();
        var moved = JsonSerializer.Deserialize<Evaluation>(run.Output, ToolConsole.JsonForm)!;
        Assert.InRange(moved.Mean("DSC"), 0.5, 0.95);
        Assert.InRange(moved.Mean("HD95"), 1.0, 2.1);
    }

    [Fact]
    public void All_metrics_are_those_of_the_library_and_leave_the_standard_ones_as_they_are()
    {
        using var folder = new TemporaryFolder();
        TinyDataset.Write(folder["data"], cases: 1);
        var label = VolumeFile.Read(folder["data", "labelsTr", "case_0.nii.gz"]);
        var moved = new float[label.Voxels.Length];
        label.Voxels[..^3].CopyTo(moved.AsSpan(3));
        VolumeFile.Write(label.WithVoxels(moved), folder["moved", "case_0.nii.gz"], VolumeDataType.UInt8);
        string[] evaluate = ["evaluate", "--predictions", folder["moved"], "--reference", folder["data", "labelsTr"], "--json", "--quiet"];
        Evaluation Run(params string[] more)
        {
            var run = ToolRun.InProcess([.. evaluate, .. more]);
            run.AssertDone();
            return JsonSerializer.Deserialize<Evaluation>(run.Output, ToolConsole.JsonForm)!;
        }
        var (standard, all) = (Run(), Run("--metrics", "all", "--tolerance", "1.5"));
        Assert.Equal(["DSC", "HD95"], standard.Summary.Select(s => s.Measure));
        Assert.Equal(standard.Summary, all.Summary.Take(2));
        var expected = Metrics.Compare(label.WithVoxels(moved), label, 1, 1.5);
        Assert.Equal([expected.Dice, expected.HausdorffDistance95, expected.Jaccard, expected.HausdorffDistance, expected.AverageSurfaceDistance, expected.SurfaceDice, expected.VolumeDifference, expected.RelativeVolumeDifference],
            all.Cases.Where(c => c.Name == "ball").Select(c => c.Value));
        Assert.NotEqual(expected.SurfaceDice, Run("--metrics", "all", "--tolerance", "0").Mean("surface DSC"));
        Assert.Equal(CommandLine.Usage, ToolRun.InProcess([.. evaluate, "--metrics", "all", "--tolerance", "-1"]).Code);
        var images = ToolRun.InProcess("evaluate", "--predictions", folder["data", "imagesTr"], "--reference", folder["data", "imagesTr"], "--kind", "images", "--metrics", "all", "--json");
        images.AssertDone();
        Assert.Equal(1, JsonSerializer.Deserialize<Evaluation>(images.Output, ToolConsole.JsonForm)!.Mean("SSIM of slices"), 1e-9);
    }

    [Fact]
    public void Case_ids_may_end_in_four_digits()
    {
        using var folder = new TemporaryFolder();
        foreach (string id in (string[])["amos_0001", "amos_0007"])
        {
            var (image, label) = TinyDataset.Case(id[^1]);
            VolumeFile.Write(image, folder["images", id + ".nii.gz"]);
            VolumeFile.WriteLabels(label, folder["labels", id + ".nii.gz"]);
        }
        ToolRun.InProcess("superresolve", "--model", "nearest", "--factor", "2", "--input", folder["images"], "--labels", folder["labels"], "--out", folder["thin"]).AssertDone();
        Assert.Equal(["amos_0001.nii.gz", "amos_0007.nii.gz"], Directory.GetFiles(folder["thin", "labels"]).Select(Path.GetFileName).Order());
        var run = ToolRun.InProcess("evaluate", "--predictions", folder["thin", "labels"], "--reference", folder["thin", "labels"], "--json");
        run.AssertDone();
        Assert.Equal(["amos_0001", "amos_0007"], JsonSerializer.Deserialize<Evaluation>(run.Output, ToolConsole.JsonForm)!.Cases.Select(c => c.Id).Distinct());
        ToolRun.InProcess("evaluate", "--kind", "images", "--predictions", folder["thin", "images"], "--reference", folder["images"]).AssertFailure("amos_0001", "size");
    }

    [Fact]
    public void Numbered_files_are_the_channels_of_a_case()
    {
        using var folder = new TemporaryFolder();
        for (int c = 0; c < 2; c++) VolumeFile.Write(TinyDataset.Case(0).Image, folder["images", $"a_{c:0000}.nii.gz"]);
        VolumeFile.Write(TinyDataset.Case(1).Image, folder["images", "b_0003.nii"]);
        var cases = CaseFiles.Find(folder["images"]);
        Assert.Equal(["a", "b_0003"], cases.Select(c => c.Id));
        Assert.Equal([2, 1], cases.Select(c => c.ImageFiles.Count));
    }

    [Fact]
    public void A_prediction_without_reference_fails_that_case_alone()
    {
        using var folder = new TemporaryFolder();
        TinyDataset.Write(folder["data"], cases: 2);
        TinyDataset.Write(folder["more"], cases: 3);
        var run = ToolRun.InProcess("evaluate", "--predictions", folder["more", "labelsTr"], "--reference", folder["data", "labelsTr"], "--json", "--quiet");
        run.AssertFailure("case_2");
        Assert.Equal(2, JsonSerializer.Deserialize<Evaluation>(run.Output, ToolConsole.JsonForm)!.Summary[0].Cases);
    }

    [Fact]
    public void Images_are_scored_by_psnr_and_ssim()
    {
        using var folder = new TemporaryFolder();
        TinyDataset.Write(folder["data"], cases: 2, slices: 12);
        ToolRun.InProcess("superresolve", "--model", "nearest", "--factor", "2", "--input", folder["data"], "--out", folder["near"]).AssertDone();
        ToolRun.InProcess("superresolve", "--model", "spline", "--factor", "2", "--input", folder["data"], "--out", folder["spline"]).AssertDone();
        var run = ToolRun.InProcess("evaluate", "--predictions", folder["near", "images"], "--reference", folder["spline", "images"], "--kind", "images", "--json");
        run.AssertDone();
        var scores = JsonSerializer.Deserialize<Evaluation>(run.Output, ToolConsole.JsonForm)!;
        Assert.InRange(scores.Mean("PSNR"), 10, 60);
        Assert.InRange(scores.Mean("SSIM"), 0.1, 0.9999);
    }

    [Fact]
    public void Each_interpolation_writes_its_own_labels()
    {
        using var folder = new TemporaryFolder();
        TinyDataset.Write(folder["data"], cases: 1);
        var label = VolumeFile.Read(folder["data", "labelsTr", "case_0.nii.gz"]);
        foreach (var (model, expected) in new[]
        {
            ("nearest", LabelInterpolation.Nearest(label, SliceAxis.Z, 4)),
            ("spline", LabelInterpolation.Morphological(label, SliceAxis.Z, 4)),
            ("spline-sdf", LabelInterpolation.SignedDistance(label, SliceAxis.Z, 4)),
        })
        {
            ToolRun.InProcess("superresolve", "--model", model, "--factor", "4", "--input", folder["data"], "--out", folder[model]).AssertDone();
            Assert.Equal(expected.Voxels, VolumeFile.Read(folder[model, "labels", "case_0.nii.gz"]).Voxels);
        }
        Assert.NotEqual(File.ReadAllBytes(folder["spline", "labels", "case_0.nii.gz"]), File.ReadAllBytes(folder["spline-sdf", "labels", "case_0.nii.gz"]));
        Assert.Equal(File.ReadAllBytes(folder["spline", "images", "case_0_0000.nii.gz"]), File.ReadAllBytes(folder["spline-sdf", "images", "case_0_0000.nii.gz"]));
    }

    [Fact]
    public void Slice_thickness_changes_images_and_not_labels()
    {
        using var folder = new TemporaryFolder();
        TinyDataset.Write(folder["thin"], cases: 1, slices: 16, size: 16, sliceSpacing: 1);
        string[] simulate = ["simulate", "--dataset", folder["thin"], "--factor", "4", "--axis", "z"];
        ToolRun.InProcess([.. simulate, "--out", folder["gap"], "--slice-thickness", "2.5"]).AssertDone();
        ToolRun.InProcess([.. simulate, "--out", folder["plain"]]).AssertDone();
        var thin = VolumeFile.Read(folder["thin", "imagesTr", "case_0_0000.nii.gz"]);
        var gap = VolumeFile.Read(folder["gap", "imagesTr", "case_0_0000.nii.gz"]);
        Assert.Equal(ThickSliceSimulator.Image(thin, SliceAxis.Z, SliceProfile.Gaussian(4, 2.5)).Voxels, gap.Voxels);
        Assert.NotEqual(VolumeFile.Read(folder["plain", "imagesTr", "case_0_0000.nii.gz"]).Voxels.ToArray(), gap.Voxels.ToArray());
        Assert.Equal(VolumeFile.Read(folder["plain", "labelsTr", "case_0.nii.gz"]).Voxels, VolumeFile.Read(folder["gap", "labelsTr", "case_0.nii.gz"]).Voxels);
        ToolRun.InProcess([.. simulate, "--out", folder["x"], "--slice-thickness", "40"]).AssertFailure("40 mm", "4 mm", "0.1 to 4 times");
        ToolRun.InProcess([.. simulate, "--out", folder["x"], "--slice-thickness", "3", "--profile", "slr"]).AssertUsage("--slice-thickness", "gaussian");
        Assert.Equal(CommandLine.Usage, ToolRun.InProcess([.. simulate, "--out", folder["x"], "--slice-thickness", "0"]).Code);
    }
}
