using System.Text;
using REHRSeg.Imaging;
using REHRSeg.Onnx;
using TorchSharp;

namespace REHRSeg.Tests.SelfSuperResolution;

public class SmoreModelTests
{
    static SmoreModel Make(int factor = 4, bool residual = true, float gain = 1, int seed = 1)
    {
        using var noGradient = torch.no_grad();
        var network = new WdsrNetwork(new() { Width = 8, Blocks = 2, Factor = factor, LabelChannels = 2, GlobalResidual = residual }, seed);
        foreach (var (name, parameter) in network.named_parameters()) if (name is "tail.gain" or "tail.bias" or "skip.gain" or "skip.bias") parameter.mul_(gain);
        return new(network, new() { Factor = factor, Labels = [new(0, "background"), new(1, "a"), new(2, "b")], DefaultSliceAxis = SliceAxis.Y, EdgeSlices = EdgeSlices.Replicate, RobustRange = (0, 1) }, torch.CPU);
    }

    static byte[] Save(SmoreModel model)
    {
        using var stream = new MemoryStream();
        model.Save(stream);
        return stream.ToArray();
    }

    [Fact]
    public void LoadedModelWritesTheSameBytesAndGivesTheSameVolumes()
    {
        using var folder = new TemporaryFolder();
        using var model = Make();
        byte[] bytes = Save(model);
        File.WriteAllBytes(folder["smore.safetensors"], bytes);
        using var loaded = SmoreModel.Load(folder["smore.safetensors"]);
        Assert.Equal(bytes, Save(loaded));
        var item = SelfSrTrainerTests.Cases(1)[0];
        SuperResolutionResult a = model.Apply(item.Image, item.Label), b = loaded.Apply(item.Image, item.Label);
        Assert.True(item.Image.Geometry.Refine(4, SliceAxis.Y).IsSameGrid(a.Image.Geometry));
        Assert.True(a.Image.Voxels.SequenceEqual(b.Image.Voxels));
        Assert.True(a.Label.Voxels.SequenceEqual(b.Label.Voxels));
    }

    [Fact]
    public void DamagedAndForeignModelsAreRefused()
    {
        using var model = Make();
        byte[] bytes = Save(model);
        Assert.Throws<ModelFormatException>(() => SmoreModel.Load(new MemoryStream(bytes[..^100])));
        Assert.Throws<ModelFormatException>(() => SmoreModel.Load(new MemoryStream([1, 2, 3])));
        string text = Encoding.Latin1.GetString(bytes);
        foreach (var (from, to) in new[] { ("rehrseg.architecture", "rehrseg.architectur_"), ("\\u0022Width\\u0022:8", "\\u0022Width\\u0022:9"), ("\\u0022Blocks\\u0022:2", "\\u0022Blocks\\u0022:0"), ("\"smore\"", "\"snore\""), ("\\u0022Factor\\u0022:4", "\\u0022Factor\\u0022:5") })
        {
            Assert.Contains(from, text);
            Assert.Throws<ModelFormatException>(() => SmoreModel.Load(new MemoryStream(Encoding.Latin1.GetBytes(text.Replace(from, to, StringComparison.Ordinal)))));
        }
        using var other = new SelfSrModel(new SelfSrNetwork(new() { Width = 8, LabelChannels = 2 }), model.Info, torch.CPU);
        using var stream = new MemoryStream();
        other.Save(stream);
        stream.Position = 0;
        Assert.Contains("'self-sr'", Assert.Throws<ModelFormatException>(() => SmoreModel.Load(stream)).Message);
        Assert.Contains("'smore'", Assert.Throws<ModelFormatException>(() => SelfSrModel.Load(new MemoryStream(bytes))).Message);
    }

    /// <summary>With outputs of the network switched off, the residual form is the interpolation alone: a ramp stays a ramp at its place in space, whatever the slice axis, but for the two thick slices at each end, where the outermost one is repeated.</summary>
    [Theory]
    [InlineData(SliceAxis.X, 4)]
    [InlineData(SliceAxis.Y, 3)]
    [InlineData(SliceAxis.Z, 2)]
    public void RampStaysARamp(SliceAxis axis, int factor)
    {
        using var model = Make(factor, gain: 0);
        int[] size = [9, 8, 7];
        double[] spacing = [1, 1, 1];
        (size[(int)axis], spacing[(int)axis]) = (7, factor);
        var geometry = new VolumeGeometry(size, spacing, [3, -4, 5]);
        float At(VolumeGeometry g, int x, int y, int z)
        {
            var (px, py, pz) = g.ToPhysical(x, y, z);
            return (float)(axis switch { SliceAxis.X => px, SliceAxis.Y => py, _ => pz } * 10);
        }
        var image = new MLVolume(geometry, Values(geometry, At));
        var thin = model.Apply(image, new(geometry, new float[geometry.VoxelCount]), axis);
        Assert.True(geometry.Refine(factor, axis).IsSameGrid(thin.Image.Geometry));
        var g = thin.Image.Geometry;
        float[] expected = Values(g, At);
        for (int z = 0, i = 0; z < g.Depth; z++)
            for (int y = 0; y < g.Height; y++)
                for (int x = 0; x < g.Width; x++, i++)
                {
                    int along = axis switch { SliceAxis.X => x, SliceAxis.Y => y, _ => z };
                    if (along >= 2 * factor && along < 5 * factor) Assert.Equal(expected[i], thin.Image.Voxels[i], 0.01f);
                }
        Assert.All(thin.Uncertainty.Memory.ToArray(), u => Assert.Equal(1, u));
    }

    static float[] Values(VolumeGeometry g, Func<VolumeGeometry, int, int, int, float> at) =>
        [.. from z in Enumerable.Range(0, g.Depth) from y in Enumerable.Range(0, g.Height) from x in Enumerable.Range(0, g.Width) select at(g, x, y, z)];

    /// <summary>Plane by plane with the network itself, averaged over both orientations.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void BothOrientationsAreAveraged(bool mirroring)
    {
        using var scope = torch.NewDisposeScope();
        using var noGradient = torch.no_grad();
        using var network = new WdsrNetwork(new() { Width = 8, Blocks = 2, LabelChannels = 2 }, 4);
        var thick = Golden.Input(3, 5, 6, 7);
        var result = SmorePlanes.Run(network, torch.CPU, thick, mirroring, null, default);
        Assert.Equal([3, 20, 6, 7], result.shape);
        torch.Tensor Plane(torch.Tensor plane)
        {
            torch.Tensor Once(torch.Tensor p)
            {
                var (image, logits) = network.forward(p.unsqueeze(0));
                return torch.cat([image, logits], 1).squeeze(0);
            }
            return mirroring ? (Once(plane) + Once(plane.flip(1)).flip(1) + Once(plane.flip(2)).flip(2) + Once(plane.flip(1, 2)).flip(1, 2)) / 4 : Once(plane);
        }
        var alongX = torch.stack([.. Enumerable.Range(0, 7).Select(x => Plane(thick.select(3, x)))], 3);
        var alongY = torch.stack([.. Enumerable.Range(0, 6).Select(y => Plane(thick.select(2, y)))], 2);
        Assert.True(Golden.Maximum(result - (alongX + alongY) / 2) < 1e-5);
        Assert.True(Golden.Maximum(alongX - alongY) > 1e-2);
    }

    [Fact]
    public void ManyPlanesAreTheSameInParts()
    {
        using var scope = torch.NewDisposeScope();
        using var noGradient = torch.no_grad();
        using var network = new WdsrNetwork(new() { Width = 4, Blocks = 1, Factor = 2 }, 4);
        var thick = Golden.Input(2, 3, 70, 200); // 14000 voxels a plane row: several batches along x
        var parts = new List<double>();
        var result = SmorePlanes.Run(network, torch.CPU, thick, false, new Progress(parts), default);
        Assert.True(parts.Count > 2 && parts.SequenceEqual(parts.Order()) && parts[^1] == 1);
        var (image, logits) = network.forward(thick.select(3, 199).unsqueeze(0));
        var (image2, logits2) = network.forward(thick.select(2, 7).unsqueeze(0));
        var expected = (torch.cat([image, logits], 1)[0, .., .., 7] + torch.cat([image2, logits2], 1)[0, .., .., 199]) / 2;
        Assert.True(Golden.Maximum(result[.., .., 7, 199] - expected) < 1e-5);
    }

    sealed class Progress(List<double> parts) : IProgress<double>
    {
        public void Report(double value) => parts.Add(value);
    }

    [Fact]
    public void RefinedSeedEqualsApplicationInUnitRange()
    {
        using var model = Make(residual: false);
        var item = SelfSrTrainerTests.Cases(1)[0];
        var seed = SeedVolume.Create(item, SliceAxis.Y, model.Info, SeedMode.Smore, model);
        var thin = model.Apply(item.Image, item.Label);
        var (image, label) = (thin.Image.SwapAxes(SliceAxis.Y, SliceAxis.Z), thin.Label.SwapAxes(SliceAxis.Y, SliceAxis.Z));
        var range = IntensityRange.Measure(item.Image.Voxels, (0, 1));
        Assert.Equal((36, 20, 22), (seed.Depth, seed.Height, seed.Width));
        for (int i = 0; i < seed.Image.Length; i++)
        {
            Assert.Equal(range.Normalise(image.Voxels[i]), seed.Image[i], 1e-4f);
            Assert.Equal(label.Voxels[i], seed.Label[i]);
        }
        Assert.Throws<ArgumentNullException>("smore", () => SeedVolume.Create(item, SliceAxis.Y, model.Info, SeedMode.Smore));
    }

    [Fact]
    public void UnsuitableInputIsNamed()
    {
        using var model = Make();
        var item = SelfSrTrainerTests.Cases(1)[0];
        Assert.Contains("2 channel", Assert.Throws<ArgumentException>(() => model.Apply(item.Image.WithVoxels(new float[2 * item.Image.Voxels.Length], 2), item.Label)).Message);
        float[] values = item.Label.Memory.ToArray();
        values[5] = 9;
        Assert.Contains("9", Assert.Throws<ArgumentException>(() => model.Apply(item.Image, item.Label.WithVoxels(values))).Message);
        values = item.Image.Memory.ToArray();
        values[5] = float.NaN;
        Assert.Contains("NaN", Assert.Throws<ArgumentException>(() => model.Apply(item.Image.WithVoxels(values), item.Label)).Message);
        Assert.Throws<GeometryMismatchException>(() => model.Apply(item.Image, new(new([3, 3, 3], [1, 1, 1]), new float[27])));
        using var stop = new CancellationTokenSource();
        stop.Cancel();
        Assert.ThrowsAny<OperationCanceledException>(() => model.Apply(item.Image, item.Label, cancellationToken: stop.Token));
        var constant = model.Apply(item.Image.WithVoxels(Enumerable.Repeat(42f, item.Image.Voxels.Length).ToArray()), item.Label);
        Assert.All(constant.Image.Memory.ToArray(), v => Assert.InRange(v, 41.9f, 43.1f));
        model.Dispose();
        model.Dispose();
        Assert.Throws<ObjectDisposedException>(() => model.Apply(item.Image, item.Label));
        Assert.Throws<ObjectDisposedException>(() => Save(model));
    }

    [Fact]
    public void ParallelApplicationsAgree()
    {
        using var model = Make();
        var item = SelfSrTrainerTests.Cases(1)[0];
        float[] expected = model.Apply(item.Image, item.Label).Image.Memory.ToArray();
        Parallel.For(0, 4, new ParallelOptions { MaxDegreeOfParallelism = 4 }, _ => Assert.True(model.Apply(item.Image, item.Label).Image.Voxels.SequenceEqual(expected)));
    }
}
