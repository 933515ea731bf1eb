namespace REHRSeg.Tool;

/// <summary>The names of <c>train --method</c>, and what does not go together with a baseline.</summary>
internal static class MethodNames
{
    static readonly (string Name, SegmentationMethod Method)[] All =
    [
        ("rehrseg", SegmentationMethod.RehrSeg), ("nnunet", SegmentationMethod.NnUNet), ("nnunet2d", SegmentationMethod.NnUNet2D),
        ("nnunet-interpolated", SegmentationMethod.NnUNetInterpolated), ("fully-supervised", SegmentationMethod.FullySupervised),
    ];

    public static string[] Names { get; } = [.. All.Select(m => m.Name)];

    public static SegmentationMethod Parse(string name) => All.Single(m => m.Name == name).Method;

    public static string NameOf(SegmentationMethod method) => All.Single(m => m.Method == method).Name;

    /// <summary>Refuses thin labels that were not explicitly allowed, and options of self-SR where none is trained.</summary>
    public static void Check(TrainingRequest request)
    {
        string method = NameOf(request.Method);
        if (request.Method == SegmentationMethod.FullySupervised && !request.AllowHrLabels)
            throw new UsageException("--method fully-supervised trains on thin (HR) images and labels. REHRSeg never sees such data, nor may any model that it is compared with on equal terms; this method is an upper bound for experiments. If that is what you want, add --allow-hr-labels.");
        if (request.Method != SegmentationMethod.FullySupervised && request.AllowHrLabels)
            throw new UsageException($"--allow-hr-labels belongs to --method fully-supervised; --method {method} uses thick labels alone.");
        if (request.Method == SegmentationMethod.FullySupervised && request.Preset.Segmentation is { KeepBest: true } or { Patience: not null })
            throw new UsageException("--set segmentation.keepBest and segmentation.patience choose by held-out cases, whose thin labels --method fully-supervised does not read. Leave them out.");
        if (request.Method == SegmentationMethod.RehrSeg) return;
        string? selfSr = request.SelfSrOnly ? "--only selfsr" : request.Preset.SelfSr.PretrainedWeights is not null ? "--pretrained" : request.Preset.SelfSr.SliceThickness is not null ? "--slice-thickness" : null;
        if (selfSr is not null) throw new UsageException($"{selfSr} belongs to self-super-resolution, which --method {method} does not train. Leave it out, or choose --method rehrseg.");
    }
}
