using REHRSeg.Imaging;
using REHRSeg.Onnx;

namespace REHRSeg.Tool;

/// <summary>What a run's models make of held-out cases, kept in the run's folder.</summary>
internal static class RunPredictions
{
    /// <summary>Fills <c>METHOD/lr</c>, <c>METHOD/hr</c>, <c>nnunet/...</c> and <c>selfsr/{images,labels,uncertainty}</c>; files newer than the model stay.</summary>
    public static void Make(ToolConsole console, RunFolder run, string method, IReadOnlyList<MedicalCase> cases, string results, IReadOnlyList<LabelClass> labels, CancellationToken cancel)
    {
        console = console.WithoutResults();
        string segmenter = File.Exists(run.SegmentationOnnx) ? run.SegmentationOnnx : File.Exists(run.Model) && !File.Exists(run.SelfSrOnnx) ? run.Path
            : throw new DatasetException($"{run.Path} has no segmentation.onnx: the training of its segmenter has not finished. Continue it with 'rehrseg train --resume'.");
        OutputFolder.RequireWritable(results, "--run: the folder for predictions");
        if (method == "rehrseg" && File.Exists(run.BaselineOnnx)) Segment(console, run.BaselineOnnx, cases, Path.Combine(results, "nnunet"), labels, cancel);
        Segment(console, segmenter, cases, Path.Combine(results, method), labels, cancel);
        if (File.Exists(run.SelfSrOnnx)) Resolve(console, run.SelfSrOnnx, cases, Path.Combine(results, "selfsr"), cancel);
    }

    static void Segment(ToolConsole console, string model, IReadOnlyList<MedicalCase> cases, string folder, IReadOnlyList<LabelClass> labels, CancellationToken cancel)
    {
        using var segmenter = Segmenter.Open(model, console);
        if (!segmenter.Info.Labels.Select(l => l.Name).SequenceEqual(labels.Select(l => l.Name)))
            throw new DatasetException($"{model} knows the labels {string.Join(", ", segmenter.Info.Labels.Select(l => l.Name))}, the dataset {string.Join(", ", labels.Select(l => l.Name))}. Give the dataset that belongs to the run.");
        bool thin = segmenter.Info.Factor > 1;
        var missing = Missing(cases, model, [Path.Combine(folder, "lr"), .. thin ? [Path.Combine(folder, "hr")] : (string[])[]]);
        if (missing.Count > 0 && PredictVerb.Run(console, model, missing, folder, new SegmentationRequest { Hr = thin }, cancel) != CommandLine.Done) throw Failed(model);
    }

    static void Resolve(ToolConsole console, string model, IReadOnlyList<MedicalCase> cases, string folder, CancellationToken cancel)
    {
        var missing = Missing(cases, model, [Path.Combine(folder, "labels")]);
        if (missing.Count == 0) return;
        using var resolver = SuperResolver.Open(model, null);
        if (SuperResolveVerb.Run(console, resolver, missing, folder, null, cancel) != CommandLine.Done) throw Failed(model);
    }

    static IReadOnlyList<MedicalCase> Missing(IReadOnlyList<MedicalCase> cases, string model, IReadOnlyList<string> folders)
    {
        var trained = File.GetLastWriteTimeUtc(model);
        return [.. cases.Where(c => folders.Any(f => File.GetLastWriteTimeUtc(Path.Combine(f, c.Id + ".nii.gz")) < trained))];
    }

    static DatasetException Failed(string model) => new($"{model} failed on cases that are named above. Repair them, or give results of your own with --results.");
}
