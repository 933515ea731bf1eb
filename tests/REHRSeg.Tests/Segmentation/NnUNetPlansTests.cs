using System.Text.Json.Nodes;
using REHRSeg.Imaging;
using REHRSeg.Onnx;
using TorchSharp;

namespace REHRSeg.Tests.Segmentation;

/// <summary>Plans of nnU-Net v2 in both formats: tests/oracles/nnunet/plans_2_3.json (up to 2.3) and plans_2_5.json, with the planner's example of METHOD.md 6.2.</summary>
public class NnUNetPlansTests
{
    static readonly string Old = Path.Combine(AppContext.BaseDirectory, "oracles", "nnunet", "plans_2_3.json"), New = Path.Combine(AppContext.BaseDirectory, "oracles", "nnunet", "plans_2_5.json");
    static readonly DatasetFingerprint Data = new([.. Enumerable.Range(0, 61).Select(i => new CaseFingerprint($"c{i}", new(40, 240, 240), [4, 1, 1], 1))]);

    static SegmentationPlan Plan(string file, string? configuration = null) => NnUNetConfiguration.Read(file, configuration).ToPlan(Data, SliceAxis.Z, 1, 2, 4);

    [Fact]
    public void Both_formats_say_what_the_planner_plans()
    {
        var own = SegmentationPlanner.Plan(Data, new(), 1, 2, 4);
        foreach (string file in (string[])[Old, New])
        {
            var plan = Plan(file);
            Assert.Contains(Path.GetFileName(file), plan.Source);
            Assert.Equal(own.ToJson(), (plan with { Source = null, NormaliseInsideNonzero = false }).ToJson());
        }
        Assert.True(Plan(Old).NormaliseInsideNonzero);
        Assert.False(Plan(New).NormaliseInsideNonzero);
    }

    [Fact]
    public void Configurations_inherit_over_several_steps()
    {
        Assert.Equal([4, 1.5, 1.5], Plan(Old, "3d_lowres").TargetSpacing.ToArray());
        Assert.Equal(new PatchShape(32, 224, 224), Plan(Old, "3d_lowres").Patch);
        Assert.Contains("batch_dice", Assert.Single(NnUNetConfiguration.Read(Old, "3d_lowres").Remarks));
        Assert.Equal((4, new(32, 224, 224)), (Plan(New, "3d_fullres_bs4").BatchSize, Plan(New, "3d_fullres_bs4").Patch));
        Assert.Equal((4, new(16, 96, 96)), (Plan(New, "3d_small").BatchSize, Plan(New, "3d_small").Patch));
    }

    [Theory]
    [InlineData("plans_2_3.json", "2d", "2-D patch|3d_fullres")]
    [InlineData("plans_2_3.json", "3d_cascade_fullres", "cascade|3d_lowres")]
    [InlineData("plans_2_3.json", "3d", "no configuration 3d|3d_fullres, 3d_lowres")]
    [InlineData("plans_2_5.json", "2d", "2-D patch")]
    [InlineData("plans_2_5.json", "ct", "CTNormalization|channel_names")]
    [InlineData("plans_2_5.json", "resenc", "ResidualEncoderUNet|PlainConvUNet")]
    [InlineData("plans_2_5.json", "a", "in a circle|a, b")]
    [InlineData("plans_2_5.json", "orphan", "no configuration gone, from which orphan inherits")]
    public void What_cannot_be_represented_is_refused(string file, string configuration, string named)
    {
        string message = Assert.Throws<ModelFormatException>(() => NnUNetConfiguration.Read(Path.Combine(Path.GetDirectoryName(Old)!, file), configuration)).Message;
        Assert.All(named.Split('|').Append(file), part => Assert.Contains(part, message));
    }

    static string Changed(string file, string configuration, Action<JsonObject, JsonObject> change)
    {
        var plans = NnUNetPlansFile.Read(file);
        change(plans, plans["configurations"]![configuration]!.AsObject());
        return Assert.Throws<ModelFormatException>(() => NnUNetConfiguration.Parse(plans, configuration, "x.json")).Message;
    }

    [Fact]
    public void Other_networks_are_refused_by_what_differs()
    {
        static JsonObject Network(JsonObject c) => c["architecture"]!["arch_kwargs"]!.AsObject();
        foreach (var (named, change) in new (string, Action<JsonObject>)[]
        {
            ("dropout", c => Network(c)["dropout_op"] = "torch.nn.Dropout3d"),
            ("BatchNorm3d", c => Network(c)["norm_op"] = "torch.nn.BatchNorm3d"),
            ("nonlin torch.nn.ReLU", c => Network(c)["nonlin"] = "torch.nn.ReLU"),
            ("slope 0.2", c => Network(c)["nonlin_kwargs"]!["negative_slope"] = 0.2),
            ("eps", c => Network(c)["norm_op_kwargs"]!["eps"] = 1e-3),
            ("conv_bias", c => Network(c)["conv_bias"] = false),
            ("nonlin_first", c => Network(c)["nonlin_first"] = true),
            ("2, 2, 2, 2, 3, 2", c => Network(c)["n_conv_per_stage"] = new JsonArray(2, 2, 2, 2, 3, 2)),
            ("1, 1, 1, 1, 1", c => Network(c)["n_conv_per_stage_decoder"] = new JsonArray(1, 1, 1, 1, 1)),
            ("6 stages", c => Network(c)["strides"]!.AsArray().RemoveAt(5)),
            ("even kernel", c => Network(c)["kernel_sizes"]![2]![1] = 4),
            ("multiple of 8", c => c["patch_size"]![0] = 30),
            ("patch_size", c => c["patch_size"] = "big"),
            ("batch_size is missing", c => c.Remove("batch_size")),
            ("spacing is [", c => c["spacing"]![0] = -4),
            ("batch_size is 0", c => c["batch_size"] = 0),
            ("use_mask_for_norm", c => (c["normalization_schemes"], c["use_mask_for_norm"]) = (new JsonArray("ZScoreNormalization", "ZScoreNormalization"), new JsonArray(true, false))),
            ("CTPreprocessor", c => c["preprocessor_name"] = "CTPreprocessor"),
            ("arch_kwargs", c => c["architecture"]!.AsObject().Remove("arch_kwargs")),
        })
            Assert.Contains(named, Changed(New, "3d_fullres", (_, c) => change(c)));
        Assert.Contains("UNet_class_name", Changed(Old, "3d_fullres", (_, c) => c.Remove("UNet_class_name")));
        Assert.Contains("MyUNet", Changed(Old, "3d_fullres", (_, c) => c["UNet_class_name"] = "MyUNet"));
        Assert.Contains("transpose_forward", Changed(Old, "3d_fullres", (p, _) => p["transpose_forward"] = new JsonArray(0, 0, 2)));
    }

    [Fact]
    public void Three_convolutions_a_stage_are_one_network_too()
    {
        var plans = NnUNetPlansFile.Read(New);
        var network = plans["configurations"]!["3d_fullres"]!["architecture"]!["arch_kwargs"]!;
        (network["n_conv_per_stage"], network["n_conv_per_stage_decoder"]) = (3, 3);
        var plan = NnUNetConfiguration.Parse(plans, "3d_fullres", "x.json").ToPlan(Data, SliceAxis.Z, 1, 2, 0);
        using var built = new SegmentationNetwork(plan.Architecture);
        Assert.Equal(plan.Architecture.ParameterCount, built.parameters().Sum(p => p.numel()));
        Assert.True(plan.FeatureMapElements > 1.3 * SegmentationPlanner.FeatureMapElements(Plan(New).Architecture, Plan(New).Patch));
    }

    [Fact]
    public void The_slice_axis_must_be_nnUNets_first()
    {
        var plans = NnUNetPlansFile.Read(New);
        NnUNetConfiguration Transposed(params int[] order)
        {
            plans["transpose_forward"] = new JsonArray([.. order.Select(a => JsonValue.Create(a))]);
            var own = plans["configurations"]!["3d_fullres"]!;
            (own["patch_size"], own["spacing"]) = (new JsonArray(32, 224, 192), new JsonArray(4, 1, 1.25));
            return NnUNetConfiguration.Parse(plans, "3d_fullres", "x.json");
        }
        string message = Assert.Throws<ModelFormatException>(() => Transposed(1, 0, 2).ToPlan(Data, SliceAxis.Z, 1, 2, 4)).Message;
        Assert.All((string[])["axis Y first", "slice axis of the cases is Z", "--axis y"], part => Assert.Contains(part, message));
        Assert.Contains("different slice axes", Assert.Throws<ModelFormatException>(() => Transposed(0, 1, 2).ToPlan(Data, null, 1, 2, 4)).Message);
        Assert.Equal(new(32, 224, 192), Transposed(1, 0, 2).ToPlan(Data, SliceAxis.Y, 1, 2, 4).Patch);
        var x = Transposed(2, 0, 1).ToPlan(Data, SliceAxis.X, 1, 2, 4); // nnU-Net: x, z, y; here: x, y, z
        Assert.Equal(new PatchShape(32, 192, 224), x.Patch);
        Assert.Equal([4, 1.25, 1], x.TargetSpacing.ToArray());
        Assert.Contains("2 image channel(s)", Assert.Throws<ModelFormatException>(() => Changed2().ToPlan(Data, SliceAxis.Z, 1, 2, 4)).Message);

        NnUNetConfiguration Changed2()
        {
            var own = plans["configurations"]!["3d_fullres"]!;
            (own["normalization_schemes"], own["use_mask_for_norm"]) = (new JsonArray("ZScoreNormalization", "ZScoreNormalization"), new JsonArray(false, false));
            return Transposed(0, 1, 2);
        }
    }

    [Fact]
    public void Files_of_other_kinds_are_named()
    {
        using var folder = new TemporaryFolder();
        Assert.Contains("none.json", Assert.Throws<FileNotFoundException>(() => NnUNetConfiguration.Read(folder["none.json"], null)).Message);
        foreach (var (text, named) in new[] { ("{", "not valid JSON"), ("[1]", "not valid JSON"), ("{}", "no configurations"), ("{\"configurations\": 3}", "no configurations") })
        {
            File.WriteAllText(folder["p.json"], text);
            string message = Assert.Throws<ModelFormatException>(() => NnUNetConfiguration.Read(folder["p.json"], null)).Message;
            Assert.Contains(named, message);
            Assert.Contains("p.json", message);
        }
    }

    [Fact]
    public void A_training_follows_the_imported_plan()
    {
        using var folder = new TemporaryFolder();
        var plans = NnUNetPlansFile.Read(New);
        var own = plans["configurations"]!["3d_fullres"]!;
        (own["patch_size"], own["batch_size"]) = (new JsonArray(8, 16, 24), 3);
        var network = own["architecture"]!["arch_kwargs"]!;
        (network["features_per_stage"], network["kernel_sizes"], network["strides"]) = (new JsonArray(4, 6), new JsonArray(new JsonArray(1, 3, 3), new JsonArray(3, 3, 3)), new JsonArray(new JsonArray(1, 1, 1), new JsonArray(1, 2, 2)));
        (network["n_conv_per_stage"], network["n_conv_per_stage_decoder"]) = (1, 1);
        File.WriteAllText(folder["plans.json"], plans.ToJsonString());
        List<string> warnings = [];
        var options = new RehrSegOptions { NnUNetPlans = folder["plans.json"], NnUNetIterations = 2, FineTuneIterations = 2, BFloat16 = false, MemoryBudget = 1, BaseFeatures = 32, BatchSize = 2 };
        using var model = RehrSegTrainer.Train(EllipsoidData.Dataset(2, pseudo: true), options, new() { Device = torch.CPU, Seed = 3, Directory = folder.Path, Warn = warnings.Add });
        var plan = SegmentationPlan.Load(folder["plan.json"]);
        Assert.Equal((new(8, 16, 24), 3, "4, 6"), (plan.Patch, plan.BatchSize, string.Join(", ", model.Network.Architecture.Features)));
        Assert.Equal(new PatchShape(8, 16, 24), model.Info.Patch);
        Assert.Contains("plan from", File.ReadAllText(folder["plan.json"]));
        Assert.DoesNotContain(warnings, w => w.Contains("memory budget", StringComparison.Ordinal));
    }
}
