using REHRSeg.Imaging;
using static REHRSeg.Onnx.Tests.TinyOnnx;

namespace REHRSeg.Onnx.Tests;

/// <summary>An ONNX self-SR model that repeats the slice it looks at, called from many places.</summary>
public class OnnxSuperResolverTests
{
    static Dictionary<string, string> Keys => new SelfSrModelInfo { Factor = 2, Labels = [new(0, "background"), new(1, "organ")] }.ToMetadata().ToDictionary();

    static byte[] Model()
    {
        static Wire Integers(string name, params long[] values) => new Wire().Packed(1, values.Length).Number(2, 7).Text(8, name).Packed(7, values);
        static Wire Resize(string from, string to) => Node("Resize", [from, "", "scales"], [to], Word("mode", "nearest"), Word("nearest_mode", "floor"), Word("coordinate_transformation_mode", "asymmetric"));
        static Wire Value(string name, params object[] sizes)
        {
            var shape = new Wire();
            foreach (object size in sizes) shape.Message(1, size is int number ? new Wire().Number(1, number) : new Wire().Text(2, (string)size));
            return new Wire().Text(1, name).Message(2, new Wire().Message(1, new Wire().Number(1, 1).Message(2, shape)));
        }
        var graph = new Wire()
            .Message(1, Node("Slice", ["slices", "from_image", "to_image", "axes"], ["now"])).Message(1, Resize("now", "image"))
            .Message(1, Node("Slice", ["slices", "from_label", "to_label", "axes"], ["mask"])).Message(1, Node("Sub", ["mask", "half"], ["centred"])).Message(1, Resize("centred", "label"))
            .Message(1, Node("Sigmoid", ["image"], ["uncertainty"]))
            .Message(5, Integers("from_image", 0, 1)).Message(5, Integers("to_image", 1, 2)).Message(5, Integers("from_label", 1, 1)).Message(5, Integers("to_label", 2, 2)).Message(5, Integers("axes", 1, 2))
            .Message(5, Floats("scales", [5], 1, 1, 2, 1, 1)).Message(5, Floats("half", [1], 0.5f))
            .Message(11, Value("slices", "N", 2, 4, "H", "W"))
            .Message(12, Value("image", "N", 1, 2, "H", "W")).Message(12, Value("label", "N", 1, 2, "H", "W")).Message(12, Value("uncertainty", "N", 1, 2, "H", "W"));
        var model = new Wire().Number(1, 8).Message(Graph, graph).Message(OperatorSet, new Wire().Number(2, 17));
        foreach (var (key, value) in Keys) model.Message(Metadata, new Wire().Text(1, key).Text(2, value));
        return model.ToArray();
    }

    static (MLVolume Image, MLVolume Label) Case(int seed, int side = 20)
    {
        var random = new Random(seed);
        var geometry = new VolumeGeometry([side, side, 9], [1, 1, 4]);
        return (new(geometry, Enumerable.Range(0, geometry.VoxelCount).Select(_ => random.NextSingle()).ToArray()), new(geometry, Enumerable.Range(0, geometry.VoxelCount).Select(_ => (float)random.Next(2)).ToArray()));
    }

    [Fact]
    public async Task ManyCallsAreAnsweredAsOneByOneAndProgressRisesToOne()
    {
        using var resolver = new OnnxSuperResolver(Model(), "selfsr.onnx", new() { Threads = 1, MaxConcurrency = 3 });
        var cases = Enumerable.Range(0, 4).Select(i => Case(i)).ToArray();
        var expected = cases.Select(c => resolver.Apply(c.Image, c.Label)).ToArray();
        Assert.Equal(cases[0].Label.Voxels.ToArray()[..400], expected[0].Label.Voxels.ToArray()[..400]);
        var progress = Enumerable.Range(0, 20).Select(_ => new List<double>()).ToArray();
        var results = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => resolver.ApplyAsync(cases[i % 4].Image, cases[i % 4].Label, new() { Progress = new Report(progress[i].Add) })));
        for (int i = 0; i < results.Length; i++)
        {
            Assert.True(expected[i % 4].Image.Voxels.SequenceEqual(results[i].Image.Voxels));
            Assert.True(expected[i % 4].Label.Voxels.SequenceEqual(results[i].Label.Voxels));
            Assert.Equal(progress[i].Order(), progress[i]);
            Assert.Equal(1, progress[i][^1]);
        }
    }

    [Fact]
    public async Task LimitsCancellationAndDisposalAreThoseOfTheScorer()
    {
        var (image, label) = Case(1);
        long need;
        using (var measure = new OnnxSuperResolver(Model(), "selfsr.onnx")) need = measure.EstimateMemory(image.Geometry);
        var resolver = new OnnxSuperResolver(Model(), "selfsr.onnx", new() { MaxConcurrency = 1, MemoryLimit = need });
        var (large, _) = Case(2, 400);
        Assert.Throws<MemoryLimitException>(() => resolver.Apply(large, null));
        await Assert.ThrowsAsync<MemoryLimitException>(() => resolver.ApplyAsync(large, null));
        using var inside = new ManualResetEventSlim();
        using var goOn = new ManualResetEventSlim();
        var running = resolver.ApplyAsync(image, label, new() { Progress = new Report(_ => { inside.Set(); goOn.Wait(); }) });
        inside.Wait();
        using var source = new CancellationTokenSource();
        var cancelled = resolver.ApplyAsync(image, label, cancellationToken: source.Token);
        var waiting = resolver.ApplyAsync(image, label);
        source.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);
        resolver.Dispose();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => waiting);
        Assert.Throws<ObjectDisposedException>(() => resolver.Apply(image, label));
        goOn.Set();
        Assert.Equal(18, (await running).Image.Depth);
    }

    [Fact]
    public void WrongImagesAreNamed()
    {
        using var resolver = new OnnxSuperResolver(Model(), "selfsr.onnx");
        var (image, label) = Case(1);
        Assert.Throws<ArgumentException>(() => resolver.Apply(new(image.Geometry, new float[2 * image.Geometry.VoxelCount], 2), label));
        Assert.Throws<ArgumentException>(() => resolver.Apply(image, new(label.Geometry, Enumerable.Repeat(9f, label.Geometry.VoxelCount).ToArray())));
        Assert.Throws<GeometryMismatchException>(() => resolver.Apply(image, Case(1, 21).Label));
        Assert.Throws<ArgumentException>(() => resolver.Apply(image, label, new SuperResolutionRequest { TileVoxels = 1 }));
    }

    sealed class Report(Action<double> report) : IProgress<double>
    {
        void IProgress<double>.Report(double value) => report(value);
    }
}
