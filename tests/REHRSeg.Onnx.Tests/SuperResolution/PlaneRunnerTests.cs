using REHRSeg.Imaging;

namespace REHRSeg.Onnx.Tests.SuperResolution;

public class PlaneRunnerTests
{
    static readonly SelfSrModelInfo Info = new() { Factor = 2, Labels = [new(0, "background"), new(1, "a")], RobustRange = (0, 1), EdgeSlices = EdgeSlices.Replicate };
    static readonly SuperResolutionRequest Tiles = new() { TileVoxels = 128 * 128 };

    /// <summary>
    /// Two gates in a row, y = x s(mean x), z = y s(mean y) with s(m) = 1 / (1 + 4 m), on the second slice less the window's mean squared: pointwise but for the averages.
    /// </summary>
    sealed class GatedModel : ITiledWindowModel
    {
        public int Tiles { get; private set; }
        public int Whole { get; private set; }
        public Action? OnRun { get; init; }
        public int Statistics => 1 + 3 + 2;

        public void Run(ReadOnlyMemory<float> windows, int batch, int height, int width, Memory<float> image, Memory<float> labelLogits, Memory<float> uncertainty, CancellationToken cancellationToken)
        {
            Whole++;
            Compute(windows.Span, batch, height, width, new(0, 0, height, width), new float[batch * 6], [1, 1, 1, 1, 1, 1], new float[batch * 6], image.Span);
        }

        public void RunTile(ReadOnlyMemory<float> tiles, int batch, int height, int width, in TileStatistics statistics, Memory<float> image, Memory<float> labelLogits, Memory<float> uncertainty, CancellationToken cancellationToken)
        {
            Tiles++;
            OnRun?.Invoke();
            Compute(tiles.Span, batch, height, width, statistics.Core, statistics.Offsets.Span, statistics.Shares.Span, statistics.Measured.Span, image.Span);
        }

        static void Compute(ReadOnlySpan<float> windows, int batch, int height, int width, PlaneRectangle core, ReadOnlySpan<float> offsets, ReadOnlySpan<float> shares, Span<float> measured, Span<float> image)
        {
            int plane = height * width;
            for (int b = 0; b < batch; b++)
            {
                double Mean(ReadOnlySpan<float> values)
                {
                    double sum = 0;
                    for (int y = 0; y < core.Height; y++)
                        foreach (float v in values.Slice((core.Top + y) * width + core.Left, core.Width)) sum += v;
                    return sum / core.Voxels;
                }
                var window = windows.Slice(b * 8 * plane, 8 * plane);
                double mean = 0;
                for (int z = 0; z < 4; z++) mean += Mean(window.Slice(z * plane, plane)) / 4;
                measured[b * 6] = (float)mean;
                for (int k = 0; k < 3; k++) measured[b * 6 + 1 + k] = System.Numerics.Tensors.TensorPrimitives.MaxMagnitude(window.Slice((k == 0 ? 0 : k + 1) * plane, plane));
                float[] used = new float[6], x = window.Slice(plane, plane).ToArray();
                Use(b, 0, offsets, shares, measured, used);
                for (int i = 0; i < plane; i++) x[i] -= used[0] * used[0];
                for (int gate = 4; gate < 6; gate++)
                {
                    measured[b * 6 + gate] = (float)Mean(x);
                    Use(b, gate, offsets, shares, measured, used);
                    for (int i = 0; i < plane; i++) x[i] /= 1 + 4 * used[gate];
                }
                if (image.IsEmpty) continue;
                Use(b, 1, offsets, shares, measured, used);
                for (int t = 0; t < 2; t++)
                    for (int i = 0; i < plane; i++) image[(b * 2 + t) * plane + i] = used[1] > 0 ? x[i] + 0.2f : 1;
            }
        }

        static void Use(int b, int s, ReadOnlySpan<float> offsets, ReadOnlySpan<float> shares, ReadOnlySpan<float> measured, float[] used) => used[s] = offsets[b * 6 + s] + shares[s] * measured[b * 6 + s];

        public void Dispose() { }
    }

    /// <summary>Bright on the right, and slice 0 black on the left two thirds: the tiles' own averages are far from the plane's.</summary>
    static MLVolume Image(int width, int height)
    {
        var geometry = new VolumeGeometry([width, height, 3], [1, 1, 4]);
        var random = new Random(1);
        return new(geometry, Enumerable.Range(0, geometry.VoxelCount).Select(i => i % width * 3 < 2 * width ? (i < width * height ? 0 : 0.2f * random.NextSingle()) : random.NextSingle()).ToArray());
    }

    static MLVolume Empty(MLVolume image) => image.WithVoxels(new float[image.Geometry.VoxelCount]);

    [Fact]
    public void TilesFitToTheWholePlane()
    {
        var image = Image(301, 205);
        var model = new GatedModel();
        var whole = VolumeSuperResolver.Apply(image, Empty(image), model, Info);
        Assert.Equal(0, model.Tiles);
        var tiled = VolumeSuperResolver.Apply(image, Empty(image), model, Info, Tiles);
        Assert.Equal(1, model.Whole);
        Assert.True(model.Tiles > 3 * 4);
        float worst = whole.Image.Memory.ToArray().Zip(tiled.Image.Memory.ToArray(), (a, b) => Math.Abs(a - b)).Max();
        Assert.InRange(worst, 0, 1e-3f);
        Assert.Equal(whole.Image.Depth, tiled.Image.Depth);
    }

    [Fact]
    public void CancellingStopsBetweenTiles()
    {
        var image = Image(301, 205);
        using var source = new CancellationTokenSource();
        int runs = 0;
        var model = new GatedModel { OnRun = () => { if (++runs == 5) source.Cancel(); } };
        Assert.Throws<OperationCanceledException>(() => VolumeSuperResolver.Apply(image, Empty(image), model, Info, Tiles, source.Token));
        Assert.Equal(5, model.Tiles);
    }

    /// <summary>Knows whole planes only, as files of earlier versions do.</summary>
    sealed class WholeModel : IWindowModel
    {
        public List<(int, int)> Planes { get; } = [];
        public void Run(ReadOnlyMemory<float> windows, int batch, int height, int width, Memory<float> image, Memory<float> labelLogits, Memory<float> uncertainty, CancellationToken cancellationToken) => Planes.Add((height, width));
        public void Dispose() { }
    }

    [Fact]
    public void AModelWithoutTilesGetsWholePlanesUpToALimit()
    {
        var image = Image(301, 205);
        var model = new WholeModel();
        VolumeSuperResolver.Apply(image, Empty(image), model, Info, Tiles);
        Assert.Equal([(208, 304)], model.Planes);
        var geometry = new VolumeGeometry([1032, 1024, 1], [1, 1, 4]);
        var large = new MLVolume(geometry, new float[geometry.VoxelCount]);
        Assert.Contains("export it again", Assert.Throws<ModelFormatException>(() => VolumeSuperResolver.Apply(large, large, model, Info)).Message);
    }

    [Fact]
    public void WrongRequestsAreNamed()
    {
        var image = Image(16, 16);
        void Apply(SuperResolutionRequest request) => VolumeSuperResolver.Apply(image, Empty(image), new WholeModel(), Info, request);
        Assert.Contains("16384", Assert.Throws<ArgumentException>(() => Apply(new() { TileVoxels = 1000 })).Message);
        Assert.Contains("Ensemble", Assert.Throws<ArgumentException>(() => Apply(new() { Ensemble = (WindowEnsemble)3 })).Message);
    }
}
