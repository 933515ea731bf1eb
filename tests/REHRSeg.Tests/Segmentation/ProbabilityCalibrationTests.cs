using REHRSeg.Imaging;
using REHRSeg.Onnx;
using TorchSharp;

namespace REHRSeg.Tests.Segmentation;

public class ProbabilityCalibrationTests
{
    static readonly TrainingContext Context = new() { Device = torch.CPU, Seed = 7 };

    [Fact]
    public void The_temperature_of_held_out_cases_is_stored()
    {
        var options = new RehrSegOptions { BaseFeatures = 6, MaxFeatures = 24, BatchSize = 2, NnUNetIterations = 30, BFloat16 = false, LearningRate = 0.02, CalibrateProbabilities = true };
        var data = EllipsoidData.Dataset(2, pseudo: false);
        // Labels that are off by a voxel row: the network cannot be as sure as it is.
        var held = Enumerable.Range(50, 2).Select(seed => EllipsoidData.Thick(seed)).Select(c => c with { Label = Shifted(c.Label) }).ToList();
        var model = RehrSegTrainer.Train(data, options, Context);
        Assert.Same(model, ProbabilityCalibration.Apply(model, [], options, Context));
        Assert.Same(model, ProbabilityCalibration.Apply(model, held, options with { CalibrateProbabilities = false }, Context));
        Assert.Null(model.Info.LrTemperature);
        var request = new SegmentationRequest { Hr = false, Probabilities = true };
        var plain = held.Select(c => model.Predict(c.Image, request)).ToArray();
        var log = new List<string>();
        using var calibrated = ProbabilityCalibration.Apply(model, held, options, Context with { Log = log.Add });
        double temperature = calibrated.Info.LrTemperature!.Value;
        Assert.Null(calibrated.Info.HrTemperature); // there is no HR head
        Assert.Contains("2 held-out cases", Assert.Single(log));
        Assert.InRange(temperature, 1.05, 15);

        var labels = model.Info.Labels;
        double Loss(Func<int, MLVolume> probabilities, double t = 1)
        {
            var diagram = new ReliabilityDiagram(labels);
            for (int i = 0; i < held.Count; i++) diagram.Add(probabilities(i), held[i].Label, temperature: t);
            return diagram.NegativeLogLikelihood;
        }
        double best = Loss(i => plain[i].LrProbabilities!, temperature);
        Assert.Equal(best, Loss(i => calibrated.Predict(held[i].Image, request).LrProbabilities!), 1e-9);
        Assert.True(best < Loss(i => plain[i].LrProbabilities!));
        foreach (double other in (double[])[temperature * 0.98, temperature * 1.02]) Assert.True(best < Loss(i => plain[i].LrProbabilities!, other));
        for (int i = 0; i < held.Count; i++) Assert.Equal(plain[i].Lr!.Voxels, calibrated.Predict(held[i].Image, request).Lr!.Voxels);

        using var file = new MemoryStream();
        calibrated.Save(file);
        file.Position = 0;
        using var loaded = RehrSegModel.Load(file);
        Assert.Equal(temperature, loaded.Info.LrTemperature);
    }

    [Fact]
    public void Thin_slices_take_the_same_temperature()
    {
        var info = new SegmentationModelInfo { Factor = 3, Patch = new(6, 16, 16), Divisor = new(1, 2, 2), TargetSpacing = [3, 1, 1], Labels = [new(0, "background"), new(1, "a")] };
        var network = new SegmentationNetwork(new SegmentationArchitecture { Classes = 2, Features = [4, 8], Kernels = [new(1, 3, 3), new(3, 3, 3)], Strides = [new(1, 1, 1), new(1, 2, 2)], Factor = 3, HighResolutionWidth = 4 }, seed: 5);
        using var model = ProbabilityCalibration.Apply(new(network, info, torch.CPU), [EllipsoidData.Thick(50)], new() { CalibrateProbabilities = true }, Context);
        Assert.NotNull(model.Info.LrTemperature);
        Assert.Equal(model.Info.LrTemperature, model.Info.HrTemperature);
    }

    [Fact]
    public void It_needs_held_out_cases() => Assert.Contains("CalibrateProbabilities", Assert.Throws<ArgumentException>(() => new RehrSegOptions { CalibrateProbabilities = true }.RequireValidationSet()).Message);

    static MLVolume Shifted(MLVolume label)
    {
        var voxels = new float[label.Voxels.Length];
        for (int i = 0; i + 2 * label.Width < voxels.Length; i++) voxels[i + 2 * label.Width] = label.Voxels[i];
        return label.WithVoxels(voxels);
    }
}
