using REHRSeg.Imaging;

namespace REHRSeg.Tool.Tests;

/// <summary>Odd but usable data: warned of where an nnU-Net user would want to know, and trained on all the same.</summary>
public sealed class OddDatasetTests : IDisposable
{
    readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    static void Write(string data, string id, (MLVolume Image, MLVolume Label) pair)
    {
        SimulateVerb.WriteImage(pair.Image, data, id);
        SimulateVerb.WriteLabel(pair.Label, data, id);
    }

    [Fact]
    public void A_class_that_no_training_case_has_is_named_and_the_rest_is_learnt()
    {
        string data = _folder["data"];
        LabelClass[] labels = [new(0, "background"), new(1, "ball"), new(2, "lesion"), new(3, "ghost")];
        for (int i = 0; i < 5; i++)
        {
            var (image, label) = TinyDataset.Case(i);
            var voxels = label.Voxels.ToArray();
            if (i == 0) voxels[3000] = 2; // the lesion is in case_0 alone
            Write(data, $"case_{i}", (image, label.WithVoxels(voxels)));
        }
        MedicalDataset.WriteDescription(data, "tiny", labels, ["MR"], 5);
        var check = ToolRun.InProcess("check", "--dataset", data, "--preset", "tiny");
        check.AssertDone();
        Assert.Contains("label 3 (ghost) occurs in no case", check.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("lesion", check.Error, StringComparison.Ordinal);

        int held = CrossValidationFolds.Split(Enumerable.Range(0, 5).Select(i => $"case_{i}"), 5).Select((f, k) => (f, k)).First(f => f.f.Validation.Contains("case_0")).k;
        var train = ToolRun.InProcess("train", "--dataset", data, "--out", _folder["run"], "--preset", "tiny", "--fold", $"{held}", "--set", "segmentation.nnunetiterations=2", "--set", "segmentation.finetuneiterations=2");
        train.AssertDone();
        Assert.Contains($"--fold {held}: label 2 (lesion) occurs in none of the 4 training cases, only in held-out ones (case_0)", train.Error, StringComparison.Ordinal);
        Assert.Contains("Label 3 (ghost) occurs in none of the 4 training cases", train.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Small_constant_extreme_and_differently_spaced_cases_are_trained_on_and_predicted()
    {
        string data = _folder["data"];
        TinyDataset.Write(data, cases: 7);
        Write(data, "case_1", TinyDataset.Case(1, slices: 4, size: 10)); // smaller than the patch
        var (image, label) = TinyDataset.Case(2);
        var extreme = image.Voxels.ToArray();
        (extreme[100], extreme[1500]) = (1e30f, -1e30f);
        Write(data, "case_2", (image.WithVoxels(extreme), label));
        Write(data, "case_3", (image.WithVoxels(Enumerable.Repeat(-1000f, image.Voxels.Length).ToArray()), label));
        Write(data, "case_4", TinyDataset.Case(4, sliceSpacing: 10));
        Write(data, "case_5", (image.WithVoxels(image.Voxels.ToArray().Select(v => v - 5000).ToArray()), label));

        var train = ToolRun.InProcess("train", "--dataset", data, "--out", _folder["run"], "--preset", "tiny", "--set", "segmentation.maxpatchside=24");
        train.AssertDone();
        Assert.Contains("1 of 7 cases have a spacing far from the median, 4 x 1 x 1 mm (slices first): case_4 10 x 1 x 1", train.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("NaN", File.ReadAllText(_folder["run", "training.jsonl"]), StringComparison.Ordinal);
        string plan = File.ReadAllText(_folder["run", "plan.json"]);
        Assert.Contains("e+30", plan, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("NaN", plan, StringComparison.Ordinal);

        ToolRun.InProcess("predict", "--model", _folder["run"], "--input", data, "--out", _folder["out"], "--probabilities").AssertDone();
        foreach (string file in Directory.GetFiles(_folder["out"], "*.nii.gz", SearchOption.AllDirectories))
            Assert.Null(VolumeFile.Read(file).Voxels.ToArray().Cast<float?>().FirstOrDefault(v => !float.IsFinite(v!.Value)));
        Assert.Equal(10, VolumeFile.ReadGeometry(Directory.GetFiles(_folder["out", "lr"], "case_1*")[0]).Width);
    }
}
