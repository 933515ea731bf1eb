using REHRSeg.Imaging;

namespace REHRSeg.Onnx.Tests.SuperResolution;

public class VolumeSuperResolverTests
{
    static readonly SelfSrModelInfo Info = new()
    {
        Factor = 4,
        Labels = [new(0, "background"), new(3, "anterior"), new(5, "posterior")],
        RobustRange = (0, 1),
        EdgeSlices = EdgeSlices.Replicate,
    };

    /// <summary>Sub-slices by linear interpolation of the window; logit 1 where the second slice has the class, else -1; U = 0.25.</summary>
    sealed class LinearModel(SelfSrModelInfo info) : IWindowModel
    {
        public List<int> Batches { get; } = [];
        public List<float[]> Windows { get; } = [];
        public Action? OnRun { get; init; }

        public void Run(ReadOnlyMemory<float> windows, int batch, int height, int width, Memory<float> image, Memory<float> labelLogits, Memory<float> uncertainty, CancellationToken cancellationToken)
        {
            OnRun?.Invoke();
            Assert.Equal(0, height % 8);
            Assert.Equal(0, width % 8);
            Batches.Add(batch);
            int plane = height * width, channels = info.ImageChannels + info.LabelChannels, r = info.Factor;
            Assert.Equal(batch * channels * 4 * plane, windows.Length);
            Assert.Equal(batch * info.LabelChannels * r * plane, labelLogits.Length);
            var w = windows.Span;
            for (int b = 0; b < batch; b++) Windows.Add(w.Slice(b * channels * 4 * plane, channels * 4 * plane).ToArray());
            for (int b = 0; b < batch; b++)
                for (int t = 0; t < r; t++)
                    for (int i = 0; i < plane; i++)
                    {
                        double u = 1 + (t + 0.5) / r - 0.5;
                        int below = (int)u;
                        float f = (float)(u - below);
                        for (int c = 0; c < info.ImageChannels; c++)
                        {
                            int at = (b * channels + c) * 4 * plane + i;
                            image.Span[((b * info.ImageChannels + c) * r + t) * plane + i] = (1 - f) * w[at + below * plane] + f * w[at + (below + 1) * plane];
                        }
                        for (int l = 0; l < info.LabelChannels; l++)
                            labelLogits.Span[((b * info.LabelChannels + l) * r + t) * plane + i] = w[((b * channels + info.ImageChannels + l) * 4 + 1) * plane + i] * 2 - 1;
                        uncertainty.Span[(b * r + t) * plane + i] = 0.25f;
                    }
        }

        public void Dispose() { }
    }

    /// <summary>Every thin slice is the window's first slice, moved by one column and one row: not its own mirror image in any direction.</summary>
    sealed class ShiftModel : IWindowModel
    {
        public void Run(ReadOnlyMemory<float> windows, int batch, int height, int width, Memory<float> image, Memory<float> labelLogits, Memory<float> uncertainty, CancellationToken cancellationToken)
        {
            int plane = height * width, channels = windows.Length / (batch * 4 * plane);
            for (int b = 0; b < batch; b++)
                for (int t = 0; t < 4; t++)
                    for (int y = 0; y < height; y++)
                        for (int x = 0; x < width; x++)
                            image.Span[((b * 4) + t) * plane + y * width + x] = windows.Span[b * channels * 4 * plane + Math.Max(0, y - 1) * width + Math.Max(0, x - 1)] * (t == 0 ? 1 : 0.5f);
        }

        public void Dispose() { }
    }

    [Theory]
    [InlineData(SliceAxis.X)]
    [InlineData(SliceAxis.Y)]
    [InlineData(SliceAxis.Z)]
    public void ConsistencyMakesThinSlicesGiveTheThickOnesBack(SliceAxis axis)
    {
        var geometry = new VolumeGeometry([7, 5, 6], [1, 1, 1]);
        var random = new Random(5);
        var image = new MLVolume(geometry, Enumerable.Range(0, geometry.VoxelCount).Select(_ => random.NextSingle() * 300 - 100).ToArray());
        var label = new MLVolume(geometry, Enumerable.Range(0, geometry.VoxelCount).Select(_ => new[] { 0f, 3, 5 }[random.Next(3)]).ToArray());
        var profile = SliceProfile.Gaussian(4);
        double Error(MLVolume thin)
        {
            var again = ThickSliceSimulator.Image(thin, axis, profile);
            return Enumerable.Range(0, geometry.VoxelCount).Average(i => Math.Abs(again.Memory.Span[i] - image.Memory.Span[i]));
        }

        var plain = VolumeSuperResolver.Apply(image, label, new NoisyModel(), Info, axis);
        var consistent = VolumeSuperResolver.Apply(image, label, new NoisyModel(), Info with { Profile = profile, Consistency = SliceConsistency.Both }, axis);

        Assert.NotEqual(label.Voxels.ToArray(), ThickSliceSimulator.Label(plain.Label, axis, 4).Voxels.ToArray());
        Assert.Equal(label.Voxels.ToArray(), ThickSliceSimulator.Label(consistent.Label, axis, 4).Voxels.ToArray());
        Assert.True(Error(consistent.Image) < 0.15 * Error(plain.Image), $"{Error(plain.Image)} to {Error(consistent.Image)}");
    }

    /// <summary>Noise, of the window or not.</summary>
    sealed class NoisyModel : IWindowModel
    {
        readonly Random _random = new(9);

        public void Run(ReadOnlyMemory<float> windows, int batch, int height, int width, Memory<float> image, Memory<float> labelLogits, Memory<float> uncertainty, CancellationToken cancellationToken)
        {
            foreach (ref float v in image.Span) v = _random.NextSingle();
            foreach (ref float v in labelLogits.Span) v = _random.NextSingle() * 4 - 2;
        }

        public void Dispose() { }
    }

    [Fact]
    public void MirroringAveragesTheEightMirrorImagesOfEachWindow()
    {
        var geometry = new VolumeGeometry([8, 8, 6], [1, 1, 4]);
        var random = new Random(3);
        var image = new MLVolume(geometry, Enumerable.Range(0, geometry.VoxelCount).Select(_ => random.NextSingle()).ToArray());
        var result = VolumeSuperResolver.Apply(image, new(geometry, new float[geometry.VoxelCount]), new ShiftModel(), Info with { Ensemble = WindowEnsemble.Mirror });
        const int Z = 2, Y = 4, X = 3;
        float Corners(int z) => (image[z, Y - 1, X - 1] + image[z, Y - 1, X + 1] + image[z, Y + 1, X - 1] + image[z, Y + 1, X + 1]) / 4;
        float[] before = [1, 0.5f, 0.5f, 0.5f], after = [0.5f, 0.5f, 0.5f, 1];
        for (int t = 0; t < 4; t++) Assert.Equal((before[t] * Corners(Z - 1) + after[t] * Corners(Z + 1)) / 2, result.Image[4 * Z + t, Y, X], 1e-2);
    }

    [Fact]
    public void MirroringChangesNothingForASymmetricModel()
    {
        var geometry = Geometry(SliceAxis.Y, 5);
        var (image, label) = (Ramp(geometry, SliceAxis.X), Labels(geometry));
        var once = VolumeSuperResolver.Apply(image, label, new LinearModel(Info), Info);
        var mirrored = VolumeSuperResolver.Apply(image, label, new LinearModel(Info), Info with { Ensemble = WindowEnsemble.Mirror });
        Assert.Equal(once.Label.Voxels.ToArray(), mirrored.Label.Voxels.ToArray());
        Assert.Equal(once.Image.Voxels.ToArray(), mirrored.Image.Voxels.ToArray(), (a, b) => Math.Abs(a - b) < 1e-4);
    }

    /// <summary>Image value = physical position along the slice axis.</summary>
    static MLVolume Ramp(VolumeGeometry geometry, SliceAxis axis, int channels = 1)
    {
        var voxels = new float[channels * geometry.VoxelCount];
        int at = 0;
        for (int c = 0; c < channels; c++)
            for (int z = 0; z < geometry.Depth; z++)
                for (int y = 0; y < geometry.Height; y++)
                    for (int x = 0; x < geometry.Width; x++)
                    {
                        var p = geometry.ToPhysical(x, y, z);
                        voxels[at++] = (float)(axis switch { SliceAxis.X => p.X, SliceAxis.Y => p.Y, _ => p.Z }) * (c + 1);
                    }
        return new(geometry, voxels, channels);
    }

    static MLVolume Labels(VolumeGeometry geometry, int seed = 1)
    {
        var random = new Random(seed);
        float[] values = [0, 3, 5];
        return new(geometry, Enumerable.Range(0, geometry.VoxelCount).Select(_ => values[random.Next(3)]).ToArray());
    }

    static VolumeGeometry Geometry(SliceAxis axis, int slices)
    {
        int[] size = [9, 11, 13];
        double[] spacing = [1, 1, 1];
        size[(int)axis] = slices;
        spacing[(int)axis] = 4;
        return new(size, spacing, [7, -3, 20]);
    }

    [Theory]
    [InlineData(SliceAxis.X)]
    [InlineData(SliceAxis.Y)]
    [InlineData(SliceAxis.Z)]
    public void LinearModelReproducesARampInPhysicalSpace(SliceAxis axis)
    {
        var geometry = Geometry(axis, 6);
        var (image, label) = (Ramp(geometry, axis), Labels(geometry));
        var result = VolumeSuperResolver.Apply(image, label, new LinearModel(Info), Info);
        Assert.True(geometry.Refine(4, axis).IsSameGrid(result.Image.Geometry));
        Assert.True(result.Image.Geometry.IsSameGrid(result.Label.Geometry) && result.Image.Geometry.IsSameGrid(result.Uncertainty.Geometry));
        var truth = Ramp(result.Image.Geometry, axis).SwapAxes(axis, SliceAxis.Z);
        var thin = result.Image.SwapAxes(axis, SliceAxis.Z);
        for (int z = 2; z < thin.Depth - 2; z++) Assert.Equal(truth[z, 3, 4], thin[z, 3, 4], 3e-4);
        var (thick, fine) = (label.SwapAxes(axis, SliceAxis.Z), result.Label.SwapAxes(axis, SliceAxis.Z));
        for (int z = 0; z < fine.Depth; z++)
            for (int y = 0; y < fine.Height; y++)
                for (int x = 0; x < fine.Width; x++) Assert.Equal(thick[z / 4, y, x], fine[z, y, x]);
        Assert.All(result.Uncertainty.Memory.ToArray(), u => Assert.Equal(0.25f, u));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(7)]
    public void EveryDepthGivesExactlyFactorTimesTheSlices(int slices)
    {
        var geometry = Geometry(SliceAxis.Z, slices);
        var model = new LinearModel(Info);
        var result = VolumeSuperResolver.Apply(Ramp(geometry, SliceAxis.Z), Labels(geometry), model, Info);
        Assert.Equal(4 * slices, result.Image.Depth);
        Assert.Equal(slices, model.Batches.Sum());
        Assert.True(slices == 1 || model.Batches.All(b => b >= 2));
    }

    [Fact]
    public void LargeSlicesGoInBatchesOfAtLeastTwoAndDoNotChangeTheResult()
    {
        var geometry = new VolumeGeometry([136, 136, 7], [1, 1, 4]);
        var random = new Random(3);
        var image = new MLVolume(geometry, Enumerable.Range(0, geometry.VoxelCount).Select(_ => random.NextSingle()).ToArray());
        var model = new LinearModel(Info);
        var whole = VolumeSuperResolver.Apply(image, Labels(geometry), model, Info);
        Assert.Equal([2, 2, 3], model.Batches.Order());
        var part = new MLVolume(geometry.Crop(SliceAxis.Z, 1, 4), image.Memory.Slice(136 * 136, 4 * 136 * 136));
        var alone = VolumeSuperResolver.Apply(part, new(part.Geometry, new float[part.Geometry.VoxelCount]), new LinearModel(Info), Info with { RobustRange = (0, 1) });
        for (int z = 2; z < 14; z++) Assert.Equal(whole.Image[z + 4, 70, 20], alone.Image[z, 70, 20], 1e-5);
    }

    [Fact]
    public void EdgesAreZeroOrRepeatedSlices()
    {
        var geometry = new VolumeGeometry([8, 8, 3], [1, 1, 4]);
        var image = new MLVolume(geometry, Enumerable.Range(0, geometry.VoxelCount).Select(i => (float)(1 + i / 64)).ToArray());
        float[] Firsts(EdgeSlices edge)
        {
            var model = new LinearModel(Info);
            VolumeSuperResolver.Apply(image, new(geometry, new float[geometry.VoxelCount]), model, Info with { EdgeSlices = edge });
            return [.. model.Windows.SelectMany(w => new[] { w[0], w[64], w[128], w[192] })];
        }
        Assert.Equal([0, 0, 0.5f, 1, 0, 0.5f, 1, 0, 0.5f, 1, 0, 0], Firsts(EdgeSlices.Zero));
        Assert.Equal([0, 0, 0.5f, 1, 0, 0.5f, 1, 1, 0.5f, 1, 1, 1], Firsts(EdgeSlices.Replicate));
    }

    [Fact]
    public void ValuesOutsideTheRobustRangeComeBack()
    {
        var geometry = new VolumeGeometry([20, 20, 5], [1, 1, 4]);
        var voxels = Enumerable.Range(0, geometry.VoxelCount).Select(i => (float)(i % 100)).ToArray();
        voxels[2 * 400 + 210] = 1e6f;
        var model = new LinearModel(Info);
        var result = VolumeSuperResolver.Apply(new(geometry, voxels), new(geometry, new float[geometry.VoxelCount]), model, Info with { RobustRange = (0.001, 0.995) });
        Assert.All(model.Windows, w => Assert.InRange(w.Max(), 0, 1));
        Assert.Equal(0.875f * 1e6f, result.Image[9, 10, 10], 100f);
        Assert.Equal(50, result.Image[9, 2, 10], 1e-3);
    }

    [Fact]
    public void TwoChannelsKeepTheirOwnRanges()
    {
        var info = Info with { ImageChannels = 2 };
        var geometry = Geometry(SliceAxis.Y, 5);
        var image = Ramp(geometry, SliceAxis.Y, channels: 2);
        var result = VolumeSuperResolver.Apply(image, Labels(geometry), new LinearModel(info), info);
        Assert.Equal(2, result.Image.Channels);
        var a = result.Image.Channel(0);
        var b = result.Image.Channel(1);
        for (int i = 0; i < a.Length; i++) Assert.Equal(2 * a[i], b[i], 1e-3);
    }

    [Fact]
    public void WrongInputIsNamed()
    {
        var geometry = Geometry(SliceAxis.Z, 4);
        var (image, label) = (Ramp(geometry, SliceAxis.Z), Labels(geometry));
        SuperResolutionResult Apply(MLVolume i, MLVolume l) => VolumeSuperResolver.Apply(i, l, new LinearModel(Info), Info);
        Assert.Throws<GeometryMismatchException>(() => Apply(image, Labels(Geometry(SliceAxis.Z, 5))));
        Assert.Contains("2 channel", Assert.Throws<ArgumentException>(() => Apply(Ramp(geometry, SliceAxis.Z, 2), label)).Message);
        var strange = label.Memory.ToArray();
        strange[5] = 9;
        Assert.Contains("9", Assert.Throws<ArgumentException>(() => Apply(image, new(geometry, strange))).Message);
        var broken = image.Memory.ToArray();
        broken[5] = float.NaN;
        Assert.Contains("NaN", Assert.Throws<ArgumentException>(() => Apply(new(geometry, broken), label)).Message);
    }

    sealed class Recorder : IProgress<double> { public List<double> Values { get; } = []; public void Report(double value) => Values.Add(value); }

    [Fact]
    public void ReportsProgressAndStopsWhenCancelled()
    {
        var geometry = new VolumeGeometry([136, 136, 8], [1, 1, 4]);
        var (image, label) = (Ramp(geometry, SliceAxis.Z), Labels(geometry));
        var progress = new Recorder();
        VolumeSuperResolver.Apply(image, label, new LinearModel(Info), Info, progress: progress);
        Assert.Equal([0.25, 0.5, 0.75, 1], progress.Values);
        using var source = new CancellationTokenSource();
        var model = new LinearModel(Info) { OnRun = source.Cancel };
        Assert.Throws<OperationCanceledException>(() => VolumeSuperResolver.Apply(image, label, model, Info, cancellationToken: source.Token));
        Assert.Single(model.Batches);
    }
}
