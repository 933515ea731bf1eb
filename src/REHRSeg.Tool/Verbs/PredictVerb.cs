using System.CommandLine;
using REHRSeg.Imaging;
using REHRSeg.Onnx;

namespace REHRSeg.Tool;

/// <summary><c>rehrseg predict</c>: thick (LR) and thin (HR) labels from thick images. An .onnx model runs without Torch.</summary>
internal static class PredictVerb
{
    public static Command Create()
    {
        var model = new Option<string[]>("--model")
        {
            Description = "Run folder of 'rehrseg train', or an exported .onnx file. Several, for example one a fold, are averaged: --model RUN0 --model RUN1 (same labels, factor and channels; plans may differ).",
            Required = true, AllowMultipleArgumentsPerToken = true,
        };
        var input = CommonOptions.Path("--input", "Dataset folder, folder of volumes, or one volume.");
        var outDir = CommonOptions.Path("--out", "Folder for lr/CASE.nii.gz and hr/CASE.nii.gz.");
        var resolution = new Option<string>("--resolution") { Description = "lr (the input's grid), hr (thin slices) or both.", DefaultValueFactory = _ => "both" };
        resolution.AcceptOnlyFromAmong("lr", "hr", "both");
        var probabilities = new Option<bool>("--probabilities") { Description = "Also write class probabilities, one channel per class." };
        var uncertainty = new Option<bool>("--uncertainty") { Description = "Also write lr_uncertainty/ and hr_uncertainty/: entropy of the class probabilities over ln K, from 0 (certain) to 1." };
        var noPostprocessing = new Option<bool>("--no-postprocessing") { Description = "Do not remove components that the model's post-processing, chosen on its validation cases, removes." };
        var noTta = new Option<bool>("--no-tta") { Description = "No test-time mirroring: 8 times faster, slightly less accurate." };
        var only = CommonOptions.Path("--cases", "Comma-separated case ids, or splits.json:K for the validation cases of fold K.", required: false);
        var axis = CommonOptions.Axis();
        var command = new Command("predict", "Segment thick-slice images at thick and thin resolution.") { model, input, outDir, resolution, probabilities, uncertainty, noPostprocessing, noTta, only, axis };
        command.OnRun((parse, console, cancel) =>
        {
            string wanted = parse.GetValue(resolution)!;
            var request = new SegmentationRequest
            {
                Lr = wanted != "hr", Hr = wanted != "lr", Probabilities = parse.GetValue(probabilities), Uncertainty = parse.GetValue(uncertainty), PostProcess = !parse.GetValue(noPostprocessing), Mirror = !parse.GetValue(noTta),
                Axis = CommonOptions.ParseAxis(parse.GetValue(axis)),
            };
            var cases = CaseSelection.Apply(CaseFiles.Find(parse.GetRequiredValue(input)), parse.GetValue(only));
            return Run(console, parse.GetRequiredValue(model), cases, parse.GetRequiredValue(outDir), request, cancel);
        });
        return command;
    }

    public static int Run(ToolConsole console, string model, IReadOnlyList<MedicalCase> cases, string outDir, SegmentationRequest request, CancellationToken cancel) => Run(console, [model], cases, outDir, request, cancel);

    static int Run(ToolConsole console, IReadOnlyList<string> models, IReadOnlyList<MedicalCase> cases, string outDir, SegmentationRequest request, CancellationToken cancel)
    {
        using var segmenter = Segmenter.Open(models, console);
        if (request.Hr && segmenter.WithoutThin is { } without)
        {
            bool same = segmenter.Info.Factor == 1;
            if (same && !request.Lr) throw new UsageException($"{without} has factor 1: it segments the slices as they are, and there are no thinner ones. Ask for --resolution lr.");
            console.Warn(same ? $"{without} has factor 1: it segments the slices as they are, and there are no thinner ones."
                : $"{without} has no trained HR head: thin labels are {(models.Count == 1 ? "its" : "the")} thick labels, repeated {segmenter.Info.Factor} times.");
        }
        int code = Batch.ForEach(console, "predict", cases, c =>
        {
            var image = c.ReadImage();
            var result = segmenter.Segment(image, request, cancel);
            string File(string folder) => Path.Combine(outDir, folder, c.Id + ".nii.gz");
            if (result.Lr is { } lr) VolumeFile.WriteLabels(lr, File("lr"));
            if (result.Hr is { } hr) VolumeFile.WriteLabels(hr, File("hr"));
            if (result.LrProbabilities is { } p) VolumeFile.Write(p, File("lr_probabilities"));
            if (result.HrProbabilities is { } thin) VolumeFile.Write(thin, File("hr_probabilities"));
            if (result.LrUncertainty is { } u) VolumeFile.Write(u, File("lr_uncertainty"));
            if (result.HrUncertainty is { } thinU) VolumeFile.Write(thinU, File("hr_uncertainty"));
        }, cancel);
        console.Result(new { cases = cases.Count, outDir, resolution = (request.Lr, request.Hr) switch { (true, true) => "both", (true, _) => "lr", _ => "hr" } });
        return code;
    }
}
