using REHRSeg.Imaging;
using REHRSeg.Onnx;

namespace Intro;

/// <summary>Segments one file with an exported model: labels on the image's own grid, and on r times as many slices. No Torch, no Python.</summary>
static class IntroScoreFile
{
    public static void Main(string[] args)
    {
        if (args is not [var model, var image, var output]) throw new ArgumentException("ScoreFile segmentation.onnx IMAGE.nii.gz OUT");

        using var scorer = new OnnxVolumeScorer(model, new() { Warn = Console.Error.WriteLine });     // only load models from sources you trust
        Console.WriteLine($"{scorer.Info.Factor} thin slices a thick one; labels {string.Join(", ", scorer.Info.Labels.Select(l => $"{l.Value} {l.Name}"))}; on {scorer.Device}");

        var volume = VolumeFile.Read(image);                                                          // any orientation
        var result = scorer.Score(volume, new() { Uncertainty = true, Progress = new Progress<double>(part => Console.Error.Write($"\r{part:0%} ")) });

        VolumeFile.WriteLabels(result.Lr!, Path.Combine(output, "lr.nii.gz"));                        // voxel for voxel on the image
        if (result.Hr is null) return;                                                                // a model without HR head
        VolumeFile.WriteLabels(result.Hr, Path.Combine(output, "hr.nii.gz"));
        VolumeFile.Write(result.HrUncertainty!, Path.Combine(output, "uncertainty.nii.gz"));          // 0 certain, 1 all classes equally likely
        Console.WriteLine($"{volume.Geometry} -> {result.Hr.Geometry}");
    }
}
