using Google.Protobuf;
using REHRSeg.Imaging;
using REHRSeg.Onnx;
using REHRSeg.OnnxFormat;
using TorchSharp;

namespace REHRSeg.Tests.SelfSuperResolution;

/// <summary>Whole volumes through real networks: planes in tiles against whole planes, Torch against ONNX, and views of windows.</summary>
public class TiledApplicationTests
{
    const float Low = -1000, High = 1500;
    static readonly SuperResolutionRequest Tiles = new() { TileVoxels = 26_000 };

    static SelfSrModel Make(bool residual, int seed = 5)
    {
        var architecture = new SelfSrArchitecture { Width = 6, Branches = 4, LabelChannels = 2, GlobalResidual = residual };
        var info = new SelfSrModelInfo { Factor = 4, Labels = [new(0, "background"), new(1, "a"), new(2, "b")], EdgeSlices = EdgeSlices.Replicate, RobustRange = (0, 1) };
        var network = new SelfSrNetwork(architecture, seed);
        using var noGradient = torch.no_grad();
        // First weights make all gates about 1/2 and, with the residual, differences about 0: trained ones do not.
        foreach (var (name, parameter) in network.named_parameters())
            if (name.Contains("attn_layer", StringComparison.Ordinal) && name.EndsWith("weight", StringComparison.Ordinal)) parameter.mul_(4);
            else if (residual && name.StartsWith("feature_fuse1.", StringComparison.Ordinal)) parameter.mul_(100);
        return new(network, info, torch.CPU);
    }

    /// <summary>Smooth on the left, texture on the right, blobs with labels; the first slice is dark but for its right end, so that it looks to the left tiles as if it were outside; the range is partly negative.</summary>
    static (MLVolume Image, MLVolume Label) Phantom(int width, int height, int depth)
    {
        var geometry = new VolumeGeometry([width, height, depth], [1, 1, 4]);
        var random = new Random(1);
        float[] image = new float[geometry.VoxelCount], label = new float[geometry.VoxelCount];
        for (int z = 0, at = 0; z < depth; z++)
            for (int y = 0; y < height; y++)
                for (int x = 0; x < width; x++, at++)
                {
                    double value = 0.45 + 0.25 * Math.Sin(x / 17.0 + z) * Math.Cos(y / 23.0);
                    if (x > width / 2) value += 0.3 * (random.NextDouble() - 0.5);
                    double dx = x % 50 - 25 - z, dy = y % 60 - 30, r = Math.Sqrt(dx * dx + dy * dy);
                    if (r < 12) (value, label[at]) = (value + 0.25, 1 + (x / 50 + y / 60) % 2);
                    if (z == 0 && x < 165) value = 0;
                    image[at] = Low + (High - Low) * (float)Math.Clamp(value, 0, 1);
                }
        return (new(geometry, image), new(geometry, label));
    }

    static float Worst(MLVolume a, MLVolume b) => a.Memory.ToArray().Zip(b.Memory.ToArray(), (x, y) => Math.Abs(x - y)).Max();

    static double Differing(MLVolume a, MLVolume b) => a.Memory.ToArray().Zip(b.Memory.ToArray(), (x, y) => x != y ? 1.0 : 0).Average();

    /// <summary>Tiles with nothing but their own averages, as if the network were local.</summary>
    sealed class LocalTiles(SelfSrModel model) : ITiledWindowModel
    {
        readonly TorchWindowModel _inner = model.Window;
        public int Statistics => _inner.Statistics;
        public void Run(ReadOnlyMemory<float> windows, int batch, int height, int width, Memory<float> image, Memory<float> labelLogits, Memory<float> uncertainty, CancellationToken cancellationToken) => _inner.Run(windows, batch, height, width, image, labelLogits, uncertainty, cancellationToken);
        public void RunTile(ReadOnlyMemory<float> tiles, int batch, int height, int width, in TileStatistics statistics, Memory<float> image, Memory<float> labelLogits, Memory<float> uncertainty, CancellationToken cancellationToken)
        {
            if (!image.IsEmpty) Run(tiles, batch, height, width, image, labelLogits, uncertainty, cancellationToken);
        }
        public void Dispose() { }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void TilesEqualTheWholePlaneAndHaveNoSeams(bool residual)
    {
        using var model = Make(residual);
        var (image, label) = Phantom(197, 195, 2);
        var whole = model.Apply(image, label);
        var tiled = model.Apply(image, label, Tiles);
        var local = VolumeSuperResolver.Apply(image, label, new LocalTiles(model), model.Info, Tiles);
        float range = High - Low, worst = Worst(whole.Image, tiled.Image) / range, wrong = Worst(whole.Image, local.Image) / range;
        Assert.True(worst < 1e-3, $"image {worst}");
        Assert.True(Worst(whole.Uncertainty, tiled.Uncertainty) < 1e-3, $"uncertainty {Worst(whole.Uncertainty, tiled.Uncertainty)}");
        Assert.True(Differing(whole.Label, tiled.Label) < 1e-4, $"labels {Differing(whole.Label, tiled.Label)}");
        Assert.True(wrong > 5 * worst && wrong > 1e-3, $"tiles on their own differ by {wrong}, so that this test can fail; tiles with the plane's averages by {worst}");

        var tiling = PlaneTiling.Plan(200, 200, Tiles.TileVoxels);
        Assert.Equal(4, tiling.Count);
        float seam = 0;
        for (int z = 0; z < whole.Image.Depth; z++)
            for (int i = 0; i < 195; i++)
                foreach (int at in Enumerable.Range(tiling.Columns.Borders[1] - 10, 20))
                {
                    float Error(int y, int x) => tiled.Image[z, y, x] - whole.Image[z, y, x];
                    seam = Math.Max(seam, Math.Max(Math.Abs(Error(i, at) - Error(i, at - 1)), Math.Abs(Error(at, i) - Error(at - 1, i))));
                }
        Assert.True(seam / range < 2e-4, $"steps across borders {seam / range}");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void OnnxTilesEqualTorchTiles(bool residual)
    {
        using var model = Make(residual);
        using var file = new MemoryStream();
        model.ExportOnnx(file);
        using var onnx = new OnnxSuperResolver(file.ToArray(), "selfsr.onnx");
        var (image, label) = Phantom(189, 195, 2);
        var (a, b) = (model.Apply(image, label, Tiles), onnx.Apply(image, label, Tiles));
        Assert.InRange(Worst(a.Image, b.Image), 0, 1e-4f * (High - Low));
        Assert.InRange(Worst(a.Uncertainty, b.Uncertainty), 0, 1e-4f);
        Assert.InRange(Differing(a.Label, b.Label), 0, 1e-4);
    }

    [Fact]
    public void FilesWithoutStatisticsAreReadAndRunWhole()
    {
        using var model = Make(residual: true);
        using var file = new MemoryStream();
        model.ExportOnnx(file);
        var proto = ModelProto.Parser.ParseFrom(file.ToArray());
        string[] added = [PlaneStatisticsGraph.Offsets, PlaneStatisticsGraph.Shares, PlaneStatisticsGraph.Whole, PlaneStatisticsGraph.Start, PlaneStatisticsGraph.End];
        foreach (var value in proto.Graph.Input.Where(i => added.Contains(i.Name)).ToList()) proto.Graph.Input.Remove(value);
        proto.Graph.Output.Remove(proto.Graph.Output.Single(o => o.Name == PlaneStatisticsGraph.Output));
        using OnnxSuperResolver old = new(proto.ToByteArray(), "old.onnx"), current = new(file.ToArray(), "selfsr.onnx");
        var (image, label) = Phantom(189, 150, 2);
        var whole = current.Apply(image, label);
        Assert.Equal(whole.Image.Voxels.ToArray(), old.Apply(image, label, Tiles).Image.Voxels.ToArray());
        Assert.NotEqual(whole.Image.Voxels.ToArray(), current.Apply(image, label, Tiles).Image.Voxels.ToArray());
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void EveryViewOfAVolumeGivesTheSameResultWithTheFullEnsemble(int depth)
    {
        using var model = Make(residual: false);
        var (image, label) = Phantom(24, 16, depth);
        var request = new SuperResolutionRequest { Axis = SliceAxis.Z, Ensemble = WindowEnsemble.Full };
        var expected = model.Apply(image, label, request);
        var turned = model.Apply(image.SwapAxes(SliceAxis.X, SliceAxis.Y), label.SwapAxes(SliceAxis.X, SliceAxis.Y), request);
        Assert.InRange(Worst(expected.Image, turned.Image.SwapAxes(SliceAxis.X, SliceAxis.Y)), 0, 1e-5f * (High - Low));
        Assert.InRange(Worst(expected.Uncertainty, turned.Uncertainty.SwapAxes(SliceAxis.X, SliceAxis.Y)), 0, 1e-5f);
        var none = model.Apply(image, label, request with { Ensemble = WindowEnsemble.None });
        Assert.True(Worst(expected.Image, none.Image) > 1e-3f * (High - Low));
    }

    [Fact]
    public void WindowsInABatchEqualWindowsOneByOne()
    {
        using var model = Make(residual: true);
        var (image, label) = Phantom(40, 29, 6);
        var (together, alone) = (model.Apply(image, label), VolumeSuperResolver.Apply(image, label, new OneByOne(model.Window), model.Info));
        Assert.InRange(Worst(together.Image, alone.Image), 0, 1e-5f * (High - Low));
        Assert.InRange(Worst(together.Uncertainty, alone.Uncertainty), 0, 1e-5f);
        Assert.Equal(together.Label.Voxels.ToArray(), alone.Label.Voxels.ToArray());
    }

    sealed class OneByOne(TorchWindowModel inner) : IWindowModel
    {
        public void Run(ReadOnlyMemory<float> windows, int batch, int height, int width, Memory<float> image, Memory<float> labelLogits, Memory<float> uncertainty, CancellationToken cancellationToken)
        {
            Memory<float> Of(Memory<float> all, int b) => all.Slice(b * (all.Length / batch), all.Length / batch);
            for (int b = 0; b < batch; b++)
                inner.Run(windows.Slice(b * (windows.Length / batch), windows.Length / batch), 1, height, width, Of(image, b), Of(labelLogits, b), Of(uncertainty, b), cancellationToken);
        }
        public void Dispose() { }
    }
}
