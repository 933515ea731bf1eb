using REHRSeg.Imaging;
using REHRSeg.Onnx;

namespace REHRSeg.Tests.SelfSuperResolution;

/// <summary>A model of two channels and three classes, trained once.</summary>
public sealed class TwoChannelModel : IDisposable
{
    const float Offset = -300, Scale = 0.02f;
    public static readonly LabelClass[] Labels = [new(0, "background"), new(3, "front"), new(7, "back")];

    public TwoChannelModel()
    {
        var options = SelfSrTrainerTests.Tiny with { Residual = true, Labels = Labels, Iterations = 150, ValidationInterval = 0 };
        Model = SelfSrTrainer.Train(Cases, options, SelfSrTrainerTests.Context());
    }

    public TrainingCase[] Cases { get; } = [.. SelfSrTrainerTests.Cases(2).Select(TwoChannels)];
    public SelfSrModel Model { get; }

    public void Dispose() => Model.Dispose();

    /// <summary>The second channel is the first one reversed, in another range; labels are 0, 3 and 7.</summary>
    static TrainingCase TwoChannels(TrainingCase item)
    {
        float[] image = [.. item.Image.Voxels, .. item.Image.Voxels.ToArray().Select(v => Offset - Scale * v)];
        float[] label = [.. item.Label.Voxels.ToArray().Select(v => v == 1 ? 3f : v == 2 ? 7f : 0)];
        return new(item.Id, item.Image.WithVoxels(image, 2), item.Label.WithVoxels(label));
    }
}

/// <summary>C = 2 image channels, K = 3 classes: trainer, model file, ONNX, application, pseudo pairs.</summary>
public sealed class ManyChannelsAndClassesTests(TwoChannelModel trained) : IClassFixture<TwoChannelModel>
{
    readonly TrainingCase[] _cases = trained.Cases;
    readonly SelfSrModel _model = trained.Model;

    static double Correlation(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        double ma = 0, mb = 0, ab = 0, aa = 0, bb = 0;
        for (int i = 0; i < a.Length; i++) (ma, mb) = (ma + a[i] / (double)a.Length, mb + b[i] / (double)a.Length);
        for (int i = 0; i < a.Length; i++) (ab, aa, bb) = (ab + (a[i] - ma) * (b[i] - mb), aa + (a[i] - ma) * (a[i] - ma), bb + (b[i] - mb) * (b[i] - mb));
        return ab / Math.Sqrt(aa * bb);
    }

    [Fact]
    public void EachChannelKeepsItsOwnRangeAndEachClassItsValue()
    {
        Assert.Equal((2, 2), (_model.Info.ImageChannels, _model.Info.LabelChannels));
        var thin = _model.Apply(_cases[0].Image, _cases[0].Label);
        Assert.Equal((2, 36), (thin.Image.Channels, thin.Image.Height));
        for (int c = 0; c < 2; c++)
        {
            var spline = Resampler.RefineImage(_cases[0].Image, SliceAxis.Y, 4);
            var (mine, expected) = (thin.Image.Channel(c).ToArray(), spline.Channel(c).ToArray());
            float range = expected.Max() - expected.Min();
            Assert.Equal(expected.Average(), mine.Average(), 0.02 * range);
            Assert.InRange(mine.Min(), expected.Min() - 0.15f * range, expected.Max());
            Assert.True(Correlation(mine, expected) > 0.97, $"channel {c}: {Correlation(mine, expected)}");
        }
        Assert.True(Correlation(thin.Image.Channel(0), thin.Image.Channel(1)) < -0.95, "channels are exchanged or mixed");
        Assert.Equal([0f, 3, 7], thin.Label.Voxels.ToArray().Distinct().Order());
        var nearest = LabelInterpolation.Nearest(_cases[0].Label, SliceAxis.Y, 4);
        foreach (int value in (int[])[3, 7]) Assert.True(Metrics.Dice(thin.Label, nearest, value) > 0.6, $"class {value}: {Metrics.Dice(thin.Label, nearest, value)}");
    }

    [Fact]
    public void TheModelFileGivesTheSameNumbers()
    {
        using var file = new MemoryStream();
        _model.Save(file);
        file.Position = 0;
        using var loaded = SelfSrModel.Load(file);
        Assert.Equal(TwoChannelModel.Labels, loaded.Info.Labels);
        var (a, b) = (_model.Apply(_cases[1].Image, _cases[1].Label), loaded.Apply(_cases[1].Image, _cases[1].Label));
        Assert.Equal(a.Image.Voxels, b.Image.Voxels);
        Assert.Equal(a.Label.Voxels, b.Label.Voxels);
        Assert.Equal(a.Uncertainty.Voxels, b.Uncertainty.Voxels);
    }

    [Fact]
    public void OnnxGivesTheNumbersOfTorch()
    {
        using var file = new MemoryStream();
        _model.ExportOnnx(file);
        using var scorer = new OnnxSuperResolver(file.ToArray(), "selfsr.onnx");
        var (torch, onnx) = (_model.Apply(_cases[1].Image, _cases[1].Label), scorer.Apply(_cases[1].Image, _cases[1].Label));
        for (int c = 0; c < 2; c++)
        {
            var (a, b) = (torch.Image.Channel(c).ToArray(), onnx.Image.Channel(c).ToArray());
            float range = a.Max() - a.Min();
            Assert.True(a.Zip(b).All(p => Math.Abs(p.First - p.Second) < 1e-4f * range), $"channel {c}");
        }
        Assert.True(torch.Uncertainty.Voxels.ToArray().Zip(onnx.Uncertainty.Voxels.ToArray()).All(p => Math.Abs(p.First - p.Second) < 1e-4f));
        Assert.True(torch.Label.Voxels.ToArray().Zip(onnx.Label.Voxels.ToArray()).Count(p => p.First != p.Second) < torch.Label.Voxels.Length / 10_000 + 1);
    }

    [Fact]
    public void WrongChannelsAndUnknownValuesAreRefused()
    {
        var one = _cases[0].Image.WithVoxels(_cases[0].Image.Channel(0).ToArray());
        Assert.Contains("1 channel(s); the model was trained on 2", Assert.Throws<ArgumentException>(() => _model.Apply(one, _cases[0].Label)).Message);
        var label = _cases[0].Label.WithVoxels(Array.ConvertAll(_cases[0].Label.Voxels.ToArray(), v => v == 7 ? 2f : v));
        Assert.Contains("the value 2", Assert.Throws<ArgumentException>(() => _model.Apply(_cases[0].Image, label)).Message);
    }

    [Fact]
    public void PseudoPairsAndTheTeacherTakeBothChannels()
    {
        var thin = _model.Apply(_cases[0].Image, _cases[0].Label);
        var pair = PseudoDataGenerator.Create(thin.Image, thin.Label, thin.Uncertainty, SliceAxis.Y, SliceProfile.Gaussian(4), 1);
        Assert.Equal((2, 8), (pair.Image.Channels, pair.Image.Height));
        for (int c = 0; c < 2; c++)
        {
            var alone = thin.Image.WithVoxels(thin.Image.Channel(c).ToArray());
            Assert.Equal(ThickSliceSimulator.Image(alone, SliceAxis.Y, SliceProfile.Gaussian(4), 1).Voxels, pair.Image.Channel(c));
        }
        Assert.Equal([0f, 3, 7], pair.HrLabel.Voxels.ToArray().Distinct().Order());
        using var scope = TorchSharp.torch.NewDisposeScope();
        Assert.Equal([1, 8, 5, 8, 8], _model.TeacherFeature(TorchSharp.torch.rand([1, 4, 5, 16, 16])).shape);
    }
}
