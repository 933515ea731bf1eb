using REHRSeg.Imaging;
using REHRSeg.Onnx;
using TorchSharp;

namespace REHRSeg.Tests.Segmentation;

public class ProbabilityCalibrationTests
{
    static readonly TrainingContext Context = new() { Device = torch.CPU, Seed = 7 };

    static RehrSegModel Model(bool head) => new(
        new SegmentationNetwork(new SegmentationArchitecture
        {
            Classes = 2, Features = [4, 8], Kernels = [new(1, 3, 3), new(3, 3, 3)], Strides = [new(1, 1, 1), new(1, 2, 2)], Factor = head ? 3 : 0, HighResolutionWidth = 4,
        }, seed: 5),
        new() { Factor = 3, Patch = new(10, 32, 32), Divisor = new(1, 2, 2), TargetSpacing = [4, 1, 1], Labels = [new(0, "background"), new(1, "a")], HasHighResolutionHead = head, Mirroring = false }, torch.CPU);

    /// <summary>Cases on which a network is right in three of four voxels.</summary>
    static List<TrainingCase> Held(RehrSegModel model) => [.. Enumerable.Range(50, 2).Select(seed => EllipsoidData.Thick(seed)).Select(c =>
    {
        float[] labels = model.Predict(c.Image, new() { Hr = false }).Lr!.Memory.ToArray();
        for (int i = 0; i < labels.Length; i += 4) labels[i] = 1 - labels[i];
        return c with { Label = c.Label.WithVoxels(labels) };
    })];

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_temperature_of_held_out_cases_is_stored(bool head)
    {
        var model = Model(head);
        var held = Held(model);
        var options = new RehrSegOptions { CalibrateProbabilities = true };
        Assert.Same(model, ProbabilityCalibration.Apply(model, [], options, Context));
        Assert.Same(model, ProbabilityCalibration.Apply(model, held, options with { CalibrateProbabilities = false }, Context));
        Assert.Null(model.Info.LrTemperature);
        var request = new SegmentationRequest { Hr = false, Probabilities = true };
        var plain = held.Select(c => model.Predict(c.Image, request)).ToArray();
        var log = new List<string>();
        using var calibrated = ProbabilityCalibration.Apply(model, held, options, Context with { Log = log.Add });
        double temperature = calibrated.Info.LrTemperature!.Value;
        Assert.Equal(head ? temperature : null, calibrated.Info.HrTemperature);
        Assert.Contains("2 held-out cases", Assert.Single(log));
        Assert.InRange(temperature, 1.1 * TemperatureFit.Coldest, 0.9);

        double Loss(Func<int, MLVolume> probabilities, double t = 1)
        {
            var diagram = new ReliabilityDiagram(calibrated.Info.Labels);
            for (int i = 0; i < held.Count; i++) diagram.Add(probabilities(i), held[i].Label, temperature: t);
            return diagram.NegativeLogLikelihood;
        }
        double best = Loss(i => plain[i].LrProbabilities!, temperature);
        Assert.Equal(best, Loss(i => calibrated.Predict(held[i].Image, request).LrProbabilities!), 1e-9);
        foreach (double other in (double[])[temperature * 0.95, temperature * 1.05, 1]) Assert.True(best < Loss(i => plain[i].LrProbabilities!, other));
        for (int i = 0; i < held.Count; i++) Assert.Equal(plain[i].Lr!.Voxels, calibrated.Predict(held[i].Image, request).Lr!.Voxels);

        using var file = new MemoryStream();
        calibrated.Save(file);
        file.Position = 0;
        using var loaded = RehrSegModel.Load(file);
        Assert.Equal((calibrated.Info.LrTemperature, calibrated.Info.HrTemperature), (loaded.Info.LrTemperature, loaded.Info.HrTemperature));
    }

    [Fact]
    public void What_cannot_be_fitted_is_said()
    {
        var model = Model(head: false);
        var right = Held(model).Select(c => c with { Label = model.Predict(c.Image, new() { Hr = false }).Lr! }).ToList();
        var warnings = new List<string>();
        using var calibrated = ProbabilityCalibration.Apply(model, right, new() { CalibrateProbabilities = true }, Context with { Warn = warnings.Add });
        Assert.Null(calibrated.Info.LrTemperature);
        Assert.Contains("beyond 0.05", Assert.Single(warnings));
    }

    [Fact]
    public void A_failure_disposes_the_model()
    {
        var model = Model(head: false);
        var strange = Held(model).Select(c => c with { Label = c.Label.WithVoxels(c.Label.Voxels.ToArray().Select(v => v + 5).ToArray()) }).ToList();
        Assert.Throws<DatasetException>(() => ProbabilityCalibration.Apply(model, strange, new() { CalibrateProbabilities = true }, Context));
        Assert.Throws<ObjectDisposedException>(() => model.AsMember("a"));
    }

    [Fact]
    public void It_needs_held_out_cases() => Assert.Contains("CalibrateProbabilities", Assert.Throws<ArgumentException>(() => new RehrSegOptions { CalibrateProbabilities = true }.RequireValidationSet()).Message);
}
