using REHRSeg.Imaging;

namespace REHRSeg.Onnx.Tests.SuperResolution;

public class ImageConsistencyTests
{
    static readonly SliceProfile Profile = SliceProfile.Gaussian(4);
    static readonly VolumeGeometry Thin = new([5, 6, 28], [1, 1, 1]);

    static MLVolume Texture(int seed, int channels = 1)
    {
        var random = new Random(seed);
        return new(Thin, Enumerable.Range(0, Thin.VoxelCount * channels).Select(_ => (float)(random.NextDouble() * 200 - 50)).ToArray(), channels);
    }

    static MLVolume Simulate(MLVolume thin) => ThickSliceSimulator.Image(thin, SliceAxis.Z, Profile);

    static double Rms(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        double sum = 0;
        for (int i = 0; i < a.Length; i++) sum += (a[i] - b[i]) * (double)(a[i] - b[i]);
        return Math.Sqrt(sum / a.Length);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void TheResultGivesTheThickSlicesBack(int channels)
    {
        var (truth, guess) = (Texture(1, channels), Texture(2, channels).Memory.ToArray());
        var thick = Simulate(truth);
        double before = Rms(Simulate(new(Thin, guess.ToArray(), channels)).Voxels, thick.Voxels), wrong = Rms(guess, truth.Voxels);
        ImageConsistency.Restore(guess, thick, Profile);
        double after = Rms(Simulate(new(Thin, guess.ToArray(), channels)).Voxels, thick.Voxels);
        Assert.True(after < 0.12 * before, $"{before} to {after}");
        Assert.True(Rms(guess, truth.Voxels) < wrong, "the correction must bring an image nearer to any image with these thick slices");
    }

    [Fact]
    public void AnImageThatAgreesIsLeftAlone()
    {
        var truth = Texture(3);
        var thin = truth.Memory.ToArray();
        ImageConsistency.Restore(thin, Simulate(truth), Profile);
        Assert.True(Rms(thin, truth.Voxels) < 1e-3);
    }

    [Fact]
    public void TheCorrectionIsTheDampedLeastSquaresOne()
    {
        // One thick slice: A is a row a, and the correction a (y - a x) / (|a|^2 + 0.01).
        var geometry = new VolumeGeometry([1, 1, 4], [1, 1, 1]);
        float[] thin = [3, -1, 2, 5];
        var a = new double[4];
        for (int k = 0; k < Profile.Weights.Count; k++) a[Math.Clamp(Profile.First + k, 0, 3)] += Profile.Weights[k];
        double rest = 7 - a.Zip(thin, (w, x) => w * x).Sum(), square = a.Sum(w => w * w);
        float[] expected = [.. thin.Zip(a, (x, w) => (float)(x + w * rest / (square + 0.01)))];
        ImageConsistency.Restore(thin, new MLVolume(geometry.Coarsen(4, SliceAxis.Z, 0), new[] { 7f }), Profile);
        for (int i = 0; i < 4; i++) Assert.Equal(expected[i], thin[i], 1e-4f);
    }
}
