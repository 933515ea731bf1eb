using REHRSeg.Imaging;

namespace REHRSeg.Onnx.Tests;

/// <summary>Labels made slice by slice equal those of whole-volume probabilities.</summary>
public class SlabTests
{
    static readonly LabelClass[] s_labels = [new(0, "background"), new(2, "a"), new(9, "b")];

    static MLVolume Image(int[] size, double[] spacing, bool cropped, int channels, int seed)
    {
        var random = new Random(seed);
        var geometry = new VolumeGeometry(size, spacing, [3, -4, 5]);
        var voxels = new float[channels * geometry.VoxelCount];
        for (int c = 0; c < channels; c++)
            for (int z = 0; z < size[2]; z++)
                for (int y = 0; y < size[1]; y++)
                    for (int x = 0; x < size[0]; x++)
                        if (!cropped || (z >= 1 && z < size[2] - 1 && y >= 2 && y < size[1] - 1 && x >= 1 && x < size[0] - 2))
                            voxels[((c * size[2] + z) * size[1] + y) * size[0] + x] = (float)(100 + 40 * Math.Sin(0.5 * x + c) + 30 * Math.Cos(0.4 * y * z) + 5 * random.NextDouble());
        return new(geometry, voxels, channels);
    }

    [Theory]
    [InlineData(SliceAxis.Z, 13, 4, 4, 1, 1, false, true)]      // as it is
    [InlineData(SliceAxis.X, 9, 4, 4, 1.4, 0.7, true, true)]    // resampled in plane, cropped
    [InlineData(SliceAxis.Y, 11, 4, 2.7, 1, 1.2, true, false)]  // more slices than the image
    [InlineData(SliceAxis.Z, 14, 4, 9, 1, 1, false, true)]      // fewer slices
    [InlineData(SliceAxis.Z, 12, 2, 3.1, 1, 0.8, true, true)]   // resampled along D, not apart
    [InlineData(SliceAxis.X, 2, 4, 4, 1, 1, false, false)]      // smaller than the patch
    [InlineData(SliceAxis.Z, 1, 4, 6, 1.3, 1, false, true)]     // one slice
    public void EqualWholeVolumes(SliceAxis axis, int slices, double thick, double targetZ, double targetY, double targetX, bool cropped, bool mirror)
    {
        int[] size = [15, 13, 14];
        double[] spacing = [1, 1, 1];
        (size[(int)axis], spacing[(int)axis]) = (slices, thick);
        var image = Image(size, spacing, cropped, 2, slices);
        var info = PointwiseModel.Info(new(6, 8, 6), 4, 2, targetZ, targetY, targetX) with { Labels = [.. s_labels] };
        var result = VolumeSegmenter.Segment(image, new NeighbourModel(4, 2), info, new() { Probabilities = true, Mirror = mirror, BatchSize = 3, Axis = axis });
        var labels = VolumeSegmenter.Segment(image, new NeighbourModel(4, 2), info, new() { Mirror = mirror, BatchSize = 5, Axis = axis });

        var prepared = SegmentationPreprocessor.Prepare(image.SwapAxes(axis, SliceAxis.Z), info);
        Check(1, result.LrProbabilities!, result.Lr!, labels.Lr!);
        Check(4, result.HrProbabilities!, result.Hr!, labels.Hr!);

        void Check(int factor, MLVolume probabilities, MLVolume withProbabilities, MLVolume alone)
        {
            var grid = image.Geometry.Refine(factor, axis);
            Assert.Equal(grid, alone.Geometry);
            float[] whole = WholeVolume.Segment(prepared, new NeighbourModel(4, 2), info, factor > 1, mirror);
            var expected = new MLVolume(grid.SwapAxes(axis, SliceAxis.Z), whole, 3).SwapAxes(axis, SliceAxis.Z);
            Assert.Equal(grid, expected.Geometry);
            int n = grid.VoxelCount;
            for (int i = 0; i < 3 * n; i++) Assert.Equal(expected.Voxels[i], probabilities.Voxels[i], 2e-5f);
            for (int i = 0; i < n; i++)
            {
                var p = Enumerable.Range(0, 3).Select(k => expected.Voxels[k * n + i]).ToArray();
                int best = Array.IndexOf(p, p.Max());
                if (p.OrderDescending().ElementAt(1) < p[best] - 1e-4) Assert.Equal(s_labels[best].Value, alone.Voxels[i]);
            }
            Assert.Equal(withProbabilities.Voxels, alone.Voxels);
        }
    }

    [Fact]
    public void ProgressGoesToTheEnd()
    {
        var seen = new List<double>();
        var image = Image([9, 10, 8], [1, 1, 4], false, 1, 1);
        VolumeSegmenter.Segment(image, new PointwiseModel(v => 1 / (1 + MathF.Exp(-v))), PointwiseModel.Info(new(4, 4, 4)), new() { Progress = new Collect(seen), Hr = false });
        Assert.Equal(1, seen[^1]);
        Assert.Equal(seen.Order(), seen);
        Assert.True(seen.Count > 3);
    }

    sealed class Collect(List<double> seen) : IProgress<double>
    {
        public void Report(double value) => seen.Add(value);
    }
}
