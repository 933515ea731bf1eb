using REHRSeg.Imaging;

namespace REHRSeg.Onnx.Tests.SuperResolution;

public class WindowEnsembleTests
{
    static readonly SelfSrModelInfo Info = new() { Factor = 3, Labels = [new(0, "background"), new(1, "a")], RobustRange = (0, 1), EdgeSlices = EdgeSlices.Replicate };

    /// <summary>A filter without any symmetry over the 4 slices and 3 x 3 pixels, other for each thin slice.</summary>
    sealed class LopsidedModel : IWindowModel
    {
        public int Runs { get; private set; }
        public HashSet<(int, int)> Sizes { get; } = [];

        public void Run(ReadOnlyMemory<float> windows, int batch, int height, int width, Memory<float> image, Memory<float> labelLogits, Memory<float> uncertainty, CancellationToken cancellationToken)
        {
            Runs += batch;
            Sizes.Add((height, width));
            int plane = height * width;
            for (int b = 0; b < batch; b++)
                for (int t = 0; t < 3; t++)
                    for (int y = 0; y < height; y++)
                        for (int x = 0; x < width; x++)
                        {
                            double value = 0;
                            for (int z = 0; z < 4; z++)
                                for (int k = 0; k < 9; k++)
                                {
                                    int row = Math.Clamp(y + k / 3 - 1, 0, height - 1), column = Math.Clamp(x + k % 3 - 1, 0, width - 1);
                                    value += Math.Sin(1 + t + 3 * z + 5 * k) * windows.Span[(b * 8 + z) * plane + row * width + column];
                                }
                            int at = (b * 3 + t) * plane + y * width + x;
                            (image.Span[at], labelLogits.Span[at], uncertainty.Span[at]) = ((float)(0.5 + value / 40), (float)Math.Sin(9 * value), (float)(1 / (1 + Math.Exp(value))));
                        }
        }

        public void Dispose() { }
    }

    static MLVolume Noise(VolumeGeometry geometry, int seed, int levels)
    {
        var random = new Random(seed);
        return new(geometry, Enumerable.Range(0, geometry.VoxelCount).Select(_ => levels == 0 ? random.NextSingle() * 900 - 700 : random.Next(levels)).ToArray());
    }

    static MLVolume Mirror(MLVolume volume, SliceAxis axis)
    {
        var swapped = volume.SwapAxes(axis, SliceAxis.X);
        float[] voxels = swapped.Memory.ToArray();
        for (int at = 0; at < voxels.Length; at += swapped.Width) voxels.AsSpan(at, swapped.Width).Reverse();
        return swapped.WithVoxels(voxels).SwapAxes(axis, SliceAxis.X);
    }

    [Theory]
    [InlineData(SliceAxis.X, SliceAxis.X)]
    [InlineData(SliceAxis.Y, SliceAxis.Y)]
    [InlineData(SliceAxis.Z, SliceAxis.Z)]
    [InlineData(SliceAxis.X, SliceAxis.Y)]
    public void AMirroredOrTransposedVolumeGivesTheMirroredOrTransposedResult(SliceAxis from, SliceAxis to)
    {
        var geometry = new VolumeGeometry([24, 16, 3], [1, 1, 3]);
        var (image, label) = (Noise(geometry, 1, 0), Noise(geometry, 2, 2));
        MLVolume Turn(MLVolume v) => from == to ? Mirror(v, from) : v.SwapAxes(from, to);
        SuperResolutionResult Apply(MLVolume i, MLVolume l, WindowEnsemble ensemble) => VolumeSuperResolver.Apply(i, l, new LopsidedModel(), Info, new SuperResolutionRequest { Axis = SliceAxis.Z, Ensemble = ensemble });
        float Difference(WindowEnsemble ensemble, Func<SuperResolutionResult, MLVolume> part)
        {
            float[] expected = Turn(part(Apply(image, label, ensemble))).Memory.ToArray(), actual = part(Apply(Turn(image), Turn(label), ensemble)).Memory.ToArray();
            return expected.Zip(actual, (a, b) => Math.Abs(a - b)).Max();
        }

        Assert.InRange(Difference(WindowEnsemble.Full, r => r.Image), 0, 900 * 1e-5);
        Assert.InRange(Difference(WindowEnsemble.Full, r => r.Uncertainty), 0, 1e-5);
        Assert.Equal(0, Difference(WindowEnsemble.Full, r => r.Label));
        Assert.True(Difference(WindowEnsemble.None, r => r.Image) > 1, "without the ensemble the model is not symmetric");
        if (from != to) Assert.True(Difference(WindowEnsemble.Mirror, r => r.Image) > 1, "mirror images alone do not make it so either");
    }

    [Theory]
    [InlineData(WindowEnsemble.None, 1)]
    [InlineData(WindowEnsemble.Mirror, 8)]
    [InlineData(WindowEnsemble.Full, 16)]
    public void EachViewIsRunOnceAndTransposedPlanesHaveTheirSidesExchanged(WindowEnsemble ensemble, int views)
    {
        var geometry = new VolumeGeometry([21, 10, 3], [1, 1, 3]);
        var model = new LopsidedModel();
        VolumeSuperResolver.Apply(Noise(geometry, 1, 0), Noise(geometry, 2, 2), model, Info with { Ensemble = ensemble });
        Assert.Equal(3 * views, model.Runs);
        Assert.Equal(ensemble == WindowEnsemble.Full ? [(16, 24), (24, 16)] : [(16, 24)], model.Sizes.Order());
    }

    [Theory]
    [InlineData(SliceAxis.X, 1)]
    [InlineData(SliceAxis.Y, 2)]
    [InlineData(SliceAxis.Z, 1)]
    public void EverySliceAxisGivesTheSameNumbers(SliceAxis axis, int depth)
    {
        var geometry = new VolumeGeometry([21, 10, depth], [1, 1, 3], [4, -5, 6]);
        var (image, label) = (Noise(geometry, 1, 0), Noise(geometry, 2, 2));
        var expected = VolumeSuperResolver.Apply(image, label, new LopsidedModel(), Info, SliceAxis.Z);
        var actual = VolumeSuperResolver.Apply(image.SwapAxes(axis, SliceAxis.Z), label.SwapAxes(axis, SliceAxis.Z), new LopsidedModel(), Info, axis);
        foreach (var (a, b) in new[] { (expected.Image, actual.Image), (expected.Label, actual.Label), (expected.Uncertainty, actual.Uncertainty) })
        {
            Assert.True(a.Geometry.IsSameGrid(b.Geometry.SwapAxes(axis, SliceAxis.Z)));
            Assert.Equal(a.Voxels.ToArray(), b.SwapAxes(axis, SliceAxis.Z).Voxels.ToArray());
        }
        Assert.Equal(3 * depth, expected.Image.Depth);
        Assert.InRange(expected.Image.Voxels.ToArray().Min(), -700, -1);
    }
}
