using System.CommandLine;
using REHRSeg.Imaging;
using REHRSeg.Onnx;

namespace REHRSeg.Tool;

/// <summary><c>rehrseg predict</c>: thick (LR) and thin (HR) labels from thick images. An .onnx model runs without Torch.</summary>
internal static class PredictVerb
{
    public static Command Create()
    {
        var model = CommonOptions.Path("--model", "Run folder of 'rehrseg train', or an exported .onnx file.");
        var input = CommonOptions.Path("--input", "Dataset folder, folder of volumes, or one volume.");
        var outDir = CommonOptions.Path("--out", "Folder for lr/CASE.nii.gz and hr/CASE.nii.gz.");
        var resolution = new Option<string>("--resolution") { Description = "lr (the input's grid), hr (thin slices) or both.", DefaultValueFactory = _ => "both" };
        resolution.AcceptOnlyFromAmong("lr", "hr", "both");
        var probabilities = new Option<bool>("--probabilities") { Description = "Also write class probabilities, one channel per class." };
        var noTta = new Option<bool>("--no-tta") { Description = "No test-time mirroring: 8 times faster, slightly less accurate." };
        var only = CommonOptions.Path("--cases", "Comma-separated case ids, or splits.json:K for the validation cases of fold K.", required: false);
        var axis = CommonOptions.Axis();
        var command = new Command("predict", "Segment thick-slice images at thick and thin resolution.") { model, input, outDir, resolution, probabilities, noTta, only, axis };
        command.OnRun((parse, console, cancel) =>
        {
            string wanted = parse.GetValue(resolution)!;
            var request = new SegmentationRequest
            {
                Lr = wanted != "hr", Hr = wanted != "lr", Probabilities = parse.GetValue(probabilities), Mirror = !parse.GetValue(noTta),
                Axis = CommonOptions.ParseAxis(parse.GetValue(axis)),
            };
            var cases = CaseSelection.Apply(CaseFiles.Find(parse.GetRequiredValue(input)), parse.GetValue(only));
            return Run(console, parse.GetRequiredValue(model), cases, parse.GetRequiredValue(outDir), request, cancel);
        });
        return command;
    }

    public static int Run(ToolConsole console, string model, IReadOnlyList<MedicalCase> cases, string outDir, SegmentationRequest request, CancellationToken cancel)
    {
        using var segmenter = Segmenter.Open(model, console);
        if (request.Hr && !segmenter.Info.HasHighResolutionHead) console.Warn($"{model} has no trained HR head: thin labels are its thick labels, repeated {segmenter.Info.Factor} times.");
        int code = Batch.ForEach(console, "predict", cases, c =>
        {
            var image = c.ReadImage();
            var result = segmenter.Segment(image, request, cancel);
            string File(string folder) => Path.Combine(outDir, folder, c.Id + ".nii.gz");
            if (result.Lr is { } lr) VolumeFile.WriteLabels(lr, File("lr"));
            if (result.Hr is { } hr) VolumeFile.WriteLabels(hr, File("hr"));
            if (result.LrProbabilities is { } p) VolumeFile.Write(p, File("lr_probabilities"));
            if (result.HrProbabilities is { } thin) VolumeFile.Write(thin, File("hr_probabilities"));
        }, cancel);
        console.Result(new { cases = cases.Count, outDir, resolution = (request.Lr, request.Hr) switch { (true, true) => "both", (true, _) => "lr", _ => "hr" } });
        return code;
    }
}
