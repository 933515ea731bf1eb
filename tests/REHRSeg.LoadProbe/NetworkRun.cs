using REHRSeg.Onnx;
using REHRSeg.Probes;

namespace REHRSeg.LoadProbe;

/// <summary>One run of an exported network in a process that has done nothing else: prints the estimate of its memory and what it took, in bytes.</summary>
static class NetworkRun
{
    /// <param name="file">segmentation.onnx or selfsr.onnx.</param>
    /// <param name="numbers">Segmenter: batch, D, H, W, 1 for thin probabilities. Self-SR: batch, H, W.</param>
    public static void Tell(string file, int[] numbers)
    {
        var (metadata, graph) = OnnxFile.Inspect(File.ReadAllBytes(file), file);
        var source = ModelSource.File(file, file);
        if (numbers is [var batch, var depth, var height, var width, var hr])
        {
            var info = SegmentationModelInfo.FromMetadata(metadata, file);
            using var model = new OnnxPatchModel(source, graph, info, new() { Threads = 1 });
            var patch = new PatchShape(depth, height, width);
            int voxels = batch * patch.Voxels, classes = info.Labels.Length;
            float[] input = new float[voxels * info.Channels], lr = new float[classes * voxels], thin = new float[hr * classes * info.Factor * voxels];
            Measure(model.RunMemory(new(patch, info with { Patch = patch }, new(true, hr == 1, false, batch)), hr == 1), () => model.Run(input, batch, patch, lr, thin, default));
        }
        else
        {
            var info = SelfSrModelInfo.FromMetadata(metadata, file);
            using var model = new OnnxWindowModel(source, graph, info, new() { Threads = 1 });
            int plane = numbers[1] * numbers[2], n = numbers[0] * info.Factor * plane;
            float[] input = new float[numbers[0] * (info.ImageChannels + info.LabelChannels) * 4 * plane], image = new float[n * info.ImageChannels], label = new float[n * info.LabelChannels], uncertainty = new float[n];
            Measure(model.RunMemory(numbers[0], plane), () => model.Run(input, numbers[0], numbers[1], numbers[2], image, label, uncertainty, default));
        }
    }

    static void Measure(long estimate, Action run) => Console.WriteLine(FormattableString.Invariant($"{estimate} {ProcessMemory.Taken(run)}"));
}
