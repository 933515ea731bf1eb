using REHRSeg.Imaging;
using REHRSeg.Onnx;
using TorchSharp;

namespace REHRSeg.Tests.Segmentation;

public class PostProcessingChoiceTests
{
    static readonly TrainingContext Context = new() { Device = torch.CPU, Seed = 7 };

    /// <summary>Bright voxels are the class: a network that learnt so also finds a bright speck, which keeping the largest component removes.</summary>
    [Fact]
    public void Steps_that_help_held_out_cases_are_stored()
    {
        var options = new RehrSegOptions { BaseFeatures = 6, MaxFeatures = 24, BatchSize = 2, NnUNetIterations = 40, BFloat16 = false, LearningRate = 0.02, ChoosePostProcessing = true };
        var held = EllipsoidData.Thick(50);
        float[] voxels = held.Image.Voxels.ToArray();
        for (int z = 0; z < 10; z++)
            for (int y = 0; y < 4; y++)
                for (int x = 0; x < 4; x++) voxels[(z * 32 + y) * 32 + x] = 180;
        var specked = held with { Image = held.Image.WithVoxels(voxels) };
        var data = EllipsoidData.Dataset(2, pseudo: false);
        var model = RehrSegTrainer.Train(data, options, Context);
        Assert.Same(model, PostProcessingChoice.Apply(model, [], options, Context));
        Assert.Same(model, PostProcessingChoice.Apply(model, [specked], options with { ChoosePostProcessing = false }, Context));
        var plain = model.Predict(specked.Image, new() { Hr = false }).Lr!;
        double before = Metrics.Dice(plain, held.Label, 1), after = Metrics.Dice(LargestComponent.Keep(plain, LargestComponentRule.Foreground), held.Label, 1);
        Assert.True(after > before, $"{before} to {after}");
        var log = new List<string>();
        using var chosen = PostProcessingChoice.Apply(model, [specked], options, Context with { Log = log.Add });
        Assert.Equal(LargestComponentRule.Foreground, Assert.Single(chosen.Info.PostProcessing));
        Assert.Contains("foreground", Assert.Single(log));
        Assert.Equal(after, Metrics.Dice(chosen.Predict(specked.Image, new() { Hr = false }).Lr!, held.Label, 1));
        using var file = new MemoryStream();
        chosen.Save(file);
        file.Position = 0;
        using var loaded = RehrSegModel.Load(file);
        Assert.Equal(chosen.Info.PostProcessing.AsEnumerable(), loaded.Info.PostProcessing);
    }
}
