using REHRSeg.Imaging;
using REHRSeg.Onnx;
using TorchSharp;

namespace REHRSeg.Tests.SelfSuperResolution;

public class SelfSrModelTests
{
    static SelfSrModel Make(EdgeSlices edge = EdgeSlices.Zero, int seed = 1)
    {
        var architecture = new SelfSrArchitecture { Width = 8, Branches = 4, LabelChannels = 2 };
        var info = new SelfSrModelInfo { Factor = 4, Labels = [new(0, "background"), new(1, "a"), new(2, "b")], EdgeSlices = edge, DefaultSliceAxis = SliceAxis.Y };
        return new(new SelfSrNetwork(architecture, seed), info, torch.CPU);
    }

    static byte[] Save(SelfSrModel model)
    {
        using var stream = new MemoryStream();
        model.Save(stream);
        return stream.ToArray();
    }

    [Fact]
    public void LoadedModelWritesTheSameBytesAndGivesTheSameVolumes()
    {
        using var model = Make(EdgeSlices.Replicate);
        byte[] bytes = Save(model);
        using var loaded = SelfSrModel.Load(new MemoryStream(bytes));
        Assert.Equal(bytes, Save(loaded));
        var item = SelfSrTrainerTests.Cases(1)[0];
        SuperResolutionResult a = model.Apply(item.Image, item.Label), b = loaded.Apply(item.Image, item.Label);
        Assert.True(item.Image.Geometry.Refine(4, SliceAxis.Y).IsSameGrid(a.Image.Geometry));
        Assert.True(a.Image.Voxels.SequenceEqual(b.Image.Voxels));
        Assert.True(a.Label.Voxels.SequenceEqual(b.Label.Voxels));
        Assert.True(a.Uncertainty.Voxels.SequenceEqual(b.Uncertainty.Voxels));
        Assert.All(a.Uncertainty.Memory.ToArray(), u => Assert.InRange(u, 1e-4f, 1));
    }

    [Fact]
    public void DamagedModelsAreRefused()
    {
        using var model = Make();
        byte[] bytes = Save(model);
        Assert.Throws<ModelFormatException>(() => SelfSrModel.Load(new MemoryStream(bytes[..^100])));
        Assert.Throws<ModelFormatException>(() => SelfSrModel.Load(new MemoryStream([1, 2, 3])));
        string text = System.Text.Encoding.Latin1.GetString(bytes);
        foreach (var (from, to) in new[] { ("rehrseg.architecture", "rehrseg.architectur_"), ("\\u0022Width\\u0022:8", "\\u0022Width\\u0022:9"), ("\"self-sr\"", "\"self_sr\""), ("\\u0022Head\\u0022", "\\u0022Hxxd\\u0022") })
        {
            Assert.Contains(from, text);
            Assert.Throws<ModelFormatException>(() => SelfSrModel.Load(new MemoryStream(System.Text.Encoding.Latin1.GetBytes(text.Replace(from, to)))));
        }
    }

    [Fact]
    public void ParallelApplicationsAgree()
    {
        using var model = Make();
        var item = SelfSrTrainerTests.Cases(1)[0];
        float[] expected = model.Apply(item.Image, item.Label).Image.Memory.ToArray();
        Parallel.For(0, 4, new ParallelOptions { MaxDegreeOfParallelism = 4 }, _ => Assert.True(model.Apply(item.Image, item.Label).Image.Voxels.SequenceEqual(expected)));
    }

    [Theory]
    [InlineData(EdgeSlices.Zero)]
    [InlineData(EdgeSlices.Replicate)]
    public void TeacherFeatureIsThatOfEachSlicesOwnWindow(EdgeSlices edge)
    {
        using var scope = torch.NewDisposeScope();
        using var model = Make(edge, seed: 3);
        using var network = new SelfSrNetwork(model.Architecture, 3);
        var thick = torch.rand([2, 3, 5, 16, 24]);
        var feature = model.TeacherFeature(thick);
        Assert.Equal([2, 8, 5, 8, 12], feature.shape);
        Assert.False(feature.requires_grad);
        for (int k = 0; k < 5; k++)
        {
            var slices = Enumerable.Range(k - 1, 4).Select(z => edge == EdgeSlices.Zero && z is < 0 or > 4 ? torch.zeros([2, 3, 1, 16, 24]) : thick.narrow(2, Math.Clamp(z, 0, 4), 1)).ToArray();
            var expected = network.Feature(torch.cat(slices, 2)).select(2, 1);
            Assert.True((feature.select(2, k) - expected).abs().max().item<float>() < 1e-6f, $"slice {k}");
        }
        Assert.Equal([1, 8, 1, 5, 7], model.TeacherFeature(torch.rand([1, 3, 1, 10, 14])).shape);
    }

    [Theory]
    [InlineData(TeacherLayer.Stem, 8)]
    [InlineData(TeacherLayer.Layer2, 16)]
    [InlineData(TeacherLayer.Layer3, 32)]
    [InlineData(TeacherLayer.Layer4, 64)]
    [InlineData(TeacherLayer.Decoder, 8)]
    public void EveryLayerOfTheTeacherLiesOnOneGrid(TeacherLayer layer, long channels)
    {
        using var scope = torch.NewDisposeScope();
        using var model = Make(EdgeSlices.Replicate, seed: 3);
        using var network = new SelfSrNetwork(model.Architecture, 3);
        var thick = torch.rand([1, 3, 3, 16, 24]);
        var feature = model.TeacherFeature(thick, layer);
        Assert.Equal([1, channels, 3, 8, 12], feature.shape);
        var maps = network.Features(torch.cat([thick, thick.narrow(2, 2, 1)], 2));
        torch.Tensor[] expected = [maps.X0, maps.X1, maps.X2, maps.X3, maps.X4, maps.Decoded];
        var second = torch.nn.functional.interpolate(expected[(int)layer].select(2, 1), [8, 12], mode: torch.InterpolationMode.Bilinear, align_corners: false); // window 0 .. 2, 2
        Assert.True((feature.select(2, 1) - second).abs().max().item<float>() < 1e-6f);
        Assert.Equal([1, channels, 1, 5, 7], model.TeacherFeature(torch.rand([1, 3, 1, 10, 14]), layer).shape);
    }

    [Fact]
    public void DisposedModelSaysSo()
    {
        var model = Make();
        model.Dispose();
        model.Dispose();
        var item = SelfSrTrainerTests.Cases(1)[0];
        Assert.Throws<ObjectDisposedException>(() => model.Apply(item.Image, item.Label));
    }
}
