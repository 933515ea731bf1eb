using REHRSeg.Imaging;
using REHRSeg.Onnx;
using TorchSharp;

namespace REHRSeg.Tests.Segmentation;

public class RehrSegModelTests
{
    static readonly SegmentationModelInfo Info = new()
    {
        Factor = 3, Patch = new(6, 16, 16), Divisor = new(1, 4, 4), TargetSpacing = [3, 1, 1], Labels = [new(0, "background"), new(1, "a"), new(4, "b")], DefaultSliceAxis = SliceAxis.X,
        TrainingFingerprint = "0123", ToolVersion = "test",
    };

    static RehrSegModel Model(int factor = 3) => new(
        new SegmentationNetwork(new SegmentationArchitecture
        {
            Classes = 3, Features = [4, 8, 8], Kernels = [new(1, 3, 3), new(3, 3, 3), new(3, 3, 3)], Strides = [new(1, 1, 1), new(1, 2, 2), new(1, 2, 2)], Factor = factor, HighResolutionWidth = 4,
        }, seed: 5),
        Info with { HasHighResolutionHead = factor > 0 }, torch.CPU);

    static MLVolume Image()
    {
        var random = TrainingSeeds.Random(1, "image");
        float[] voxels = new float[8 * 20 * 22];
        for (int i = 0; i < voxels.Length; i++) voxels[i] = (float)(100 + 30 * random.NextGaussian());
        return new MLVolume(new VolumeGeometry([22, 20, 8], [1, 1, 3], [5, 6, 7]), voxels).SwapAxes(SliceAxis.X, SliceAxis.Z);
    }

    static float[] Patches(int batch)
    {
        var random = TrainingSeeds.Random(2, "patches");
        return [.. Enumerable.Range(0, batch * 6 * 16 * 16).Select(_ => (float)random.NextGaussian())];
    }

    [Fact]
    public void A_single_patch_equals_its_place_in_a_pair_and_probabilities_sum_to_one()
    {
        using var model = Model();
        int n = 6 * 16 * 16;
        float[] patches = Patches(2), lr = new float[2 * 3 * n], hr = new float[2 * 9 * n], lr1 = new float[3 * n], hr1 = new float[9 * n], lrAlone = new float[3 * n];
        model.PatchModel.Run(patches, 2, Info.Patch, lr, hr, default);
        model.PatchModel.Run(patches.AsMemory(n), 1, Info.Patch, lr1, hr1, default);
        model.PatchModel.Run(patches.AsMemory(n), 1, Info.Patch, lrAlone, Memory<float>.Empty, default);
        for (int i = 0; i < lr1.Length; i++) Assert.Equal(lr[3 * n + i], lr1[i], 1e-5);
        for (int i = 0; i < hr1.Length; i++) Assert.Equal(hr[9 * n + i], hr1[i], 1e-5);
        Assert.Equal(lr1, lrAlone);
        for (int i = 0; i < n; i++) Assert.Equal(1, lr1[i] + lr1[n + i] + lr1[2 * n + i], 4);
        for (int i = 0; i < 3 * n; i++) Assert.Equal(1, hr1[i] + hr1[3 * n + i] + hr1[6 * n + i], 4);
        Assert.Throws<OperationCanceledException>(() => model.PatchModel.Run(patches, 2, Info.Patch, lr, hr, new CancellationToken(true)));
    }

    [Fact]
    public void Threads_predict_alike_and_leave_no_tensors()
    {
        using var model = Model();
        var image = Image();
        var expected = model.Predict(image);
        long before = LiveTensors.Count();
        var results = new SegmentationResult[4];
        Parallel.For(0, 4, i => results[i] = model.Predict(image));
        Assert.All(results, r => Assert.Equal(expected.Hr!.Voxels, r.Hr!.Voxels));
        Assert.Equal(before, torch.Tensor.TotalCount);
        Assert.Null(expected.Lr!.Geometry.DescribeDifference(image.Geometry));
        Assert.Null(expected.Hr!.Geometry.DescribeDifference(image.Geometry.Refine(3, SliceAxis.X)));
        Assert.Empty(expected.Hr.Voxels.ToArray().Except([0f, 1f, 4f]));
    }

    [Theory, InlineData(3), InlineData(0)]
    public void The_exported_file_agrees_with_Torch(int factor)
    {
        using var model = Model(factor);
        using var file = new MemoryStream();
        model.ExportOnnx(file);
        using var scorer = new OnnxVolumeScorer(file.ToArray(), "test");
        var request = new SegmentationRequest { Probabilities = true };
        var (torchResult, onnx) = (model.Predict(Image(), request), scorer.Score(Image(), request));
        Near(torchResult.LrProbabilities!, onnx.LrProbabilities!);
        if (factor > 0) Near(torchResult.HrProbabilities!, onnx.HrProbabilities!);
        else Assert.True(torchResult.Hr is null && onnx.Hr is null);

        static void Near(MLVolume a, MLVolume b)
        {
            float largest = 0;
            for (int i = 0; i < a.Voxels.Length; i++) largest = Math.Max(largest, Math.Abs(a.Voxels[i] - b.Voxels[i]));
            Assert.True(largest < 1e-4, $"largest difference {largest}");
        }
    }

    [Fact]
    public void Damaged_files_are_refused()
    {
        using var model = Model();
        using var file = new MemoryStream();
        model.Save(file);
        byte[] bytes = file.ToArray();
        Assert.Throws<ModelFormatException>(() => RehrSegModel.Load(new MemoryStream(bytes[..(bytes.Length - 40)])));
        Assert.Throws<ModelFormatException>(() => RehrSegModel.Load(new MemoryStream(new byte[100])));
        string text = System.Text.Encoding.Latin1.GetString(bytes);
        byte[] other = System.Text.Encoding.Latin1.GetBytes(text.Replace("rehrseg.architecture", "rehrseg.architectura"));
        Assert.Contains("rehrseg.architecture", Assert.Throws<ModelFormatException>(() => RehrSegModel.Load(new MemoryStream(other))).Message);
        using var loaded = RehrSegModel.Load(new MemoryStream(bytes));
        loaded.Dispose();
        Assert.Throws<ObjectDisposedException>(() => loaded.Predict(Image()));
    }
}
