using System.CommandLine;
using System.Diagnostics;
using REHRSeg.Imaging;
using REHRSeg.Onnx;
using Spectre.Console;

namespace REHRSeg.Tool;

/// <summary><c>rehrseg demo</c>: the main job on generated phantoms, from thick slices to thin labels, scores and a report.</summary>
internal static class DemoVerb
{
    const int Cases = 12, Size = 48, Factor = 4, Folds = 4, Seed = 1;

    public static Command Create()
    {
        var outDir = new Option<string>("--out") { Description = "Folder for data, run, labels, scores, pictures and report.html.", DefaultValueFactory = _ => "rehrseg-demo" };
        var set = new Option<string[]>("--set") { Description = "Override an option of the preset, stage.option=value. Repeatable." };
        var preset = TrainVerb.PresetOption("demo");
        var command = new Command("demo", "The main job on generated phantoms: simulate, train, score, evaluate, report. No data needed.") { outDir, preset, set };
        command.OnRun((parse, console, cancel) => Run(console, Path.GetFullPath(parse.GetRequiredValue(outDir)), OptionOverrides.Apply(TrainingPreset.Named(parse.GetValue(preset)!), parse.GetValue(set) ?? []), cancel));
        return command;
    }

    static int Run(ToolConsole demo, string outDir, TrainingPreset preset, CancellationToken cancel)
    {
        var console = demo.WithoutResults();
        var watch = Stopwatch.StartNew();
        string phantoms = Path.Combine(outDir, "phantoms"), thick = Path.Combine(outDir, "thick"), run = Path.Combine(outDir, "run"), results = Path.Combine(outDir, "results");
        console.Info($"1/6  {Cases} annotated phantoms of {Size}^3 voxels, 1 mm isotropic, 3 classes");
        if (Directory.Exists(run))
        {
            if (!Directory.Exists(phantoms)) throw new IOException($"--out {outDir} holds a folder run that the demo did not make. Choose another folder.");
            Directory.Delete(run, recursive: true);
        }
        WritePhantoms(phantoms, cancel);
        console.Info($"2/6  thick slices: {Factor} mm, axis z");
        if (SimulateVerb.Run(console, MedicalDataset.Open(phantoms), thick, SliceProfile.Gaussian(Factor), SliceAxis.Z, 0, cancel) != CommandLine.Done) return CommandLine.Failed;

        console.Info("3/6  training on thick slices and thick labels alone");
        var dataset = MedicalDataset.Open(thick);
        var request = new TrainingRequest { Dataset = dataset, Run = new RunFolder(run), Preset = preset, Fold = 0, Folds = Folds, Seed = Seed };
        if (TrainVerb.Run(console, request, cancel) != CommandLine.Done) return CommandLine.Failed;

        var held = CrossValidationFolds.Split(dataset.Cases.Select(c => c.Id), Folds)[0].Validation;
        var cases = dataset.Cases.Where(c => held.Contains(c.Id)).ToArray();
        console.Info($"4/6  scoring {cases.Length} held-out cases");
        var predict = new SegmentationRequest();
        if (PredictVerb.Run(console, request.Run.BaselineOnnx, cases, Path.Combine(results, "nnunet"), predict, cancel) != CommandLine.Done
            || PredictVerb.Run(console, request.Run.SegmentationOnnx, cases, Path.Combine(results, "rehrseg"), predict, cancel) != CommandLine.Done) return CommandLine.Failed;
        foreach (string model in (string[])["nearest", "spline-sdf", run])
        {
            using var resolver = SuperResolver.Open(model, model == run ? null : Factor);
            if (SuperResolveVerb.Run(console, resolver, cases, Path.Combine(results, model == run ? "selfsr" : model), SliceAxis.Z, cancel) != CommandLine.Done) return CommandLine.Failed;
        }

        console.Info("5/6  evaluation against the thin truth");
        var scores = Score(thick, results, cancel);
        demo.Result(scores, () => ToTable(scores));
        console.Info("6/6  calibration and report");
        var calibration = new CalibrationRequest { Model = request.Run.SegmentationOnnx, Dataset = thick, Out = Path.Combine(run, "calibrated.onnx"), Lr = true, Hr = true, Report = Path.Combine(run, "calibration.json"), Mirror = true };
        if (CalibrateVerb.Run(console, calibration, cancel) != CommandLine.Done) return CommandLine.Failed;
        string picture = Path.Combine(outDir, "pictures", "median.png"), report = Path.Combine(outDir, "report.html");
        ReportVerb.WriteRun(console, run, thick, results, report, cancel, picture);
        console.Info($"labels: {Path.Combine(results, "rehrseg")}   picture: {picture}   model: {request.Run.SegmentationOnnx}");
        using var process = Process.GetCurrentProcess();
        console.Info($"done in {watch.Elapsed:m\\:ss}, peak memory {process.PeakWorkingSet64 / 1e9:0.0} GB");
        return CommandLine.Done;
    }

    static void WritePhantoms(string folder, CancellationToken cancel)
    {
        LabelClass[] labels = [.. PhantomGenerator.LabelNames.Select((name, value) => new LabelClass(value, name))];
        foreach (var phantom in PhantomGenerator.GenerateMany(Cases, Seed, Size, Size, Size))
        {
            cancel.ThrowIfCancellationRequested();
            SimulateVerb.WriteImage(phantom.Image, folder, phantom.Id);
            SimulateVerb.WriteLabel(phantom.Label, folder, phantom.Id);
        }
        MedicalDataset.WriteDescription(folder, "Phantoms", labels, ["MR"], Cases);
    }

    static IReadOnlyList<DemoScore> Score(string thick, string results, CancellationToken cancel)
    {
        string lrTruth = Path.Combine(thick, "labelsTr"), hrTruth = Path.Combine(thick, "hr", "labelsTr"), hrImages = Path.Combine(thick, "hr", "imagesTr");
        Evaluation Labels(string predictions, string truth) => Evaluation.Run(Path.Combine(results, predictions), truth, images: false, _ => { }, null, cancel);
        Evaluation Images(string predictions) => Evaluation.Run(Path.Combine(results, predictions), hrImages, images: true, _ => { }, null, cancel);
        var list = new List<DemoScore>();
        foreach (var (name, folder) in new[] { ("nearest interpolation", "nearest"), ("spline, signed-distance labels", "spline-sdf"), ("self-SR", "selfsr") })
        {
            var (image, label) = (Images(Path.Combine(folder, "images")), Labels(Path.Combine(folder, "labels"), hrTruth));
            list.Add(new(name, "thick image + thick label", null, null, label.Mean("DSC"), label.Mean("HD95"), image.Mean("PSNR"), image.Mean("SSIM")));
        }
        foreach (var (name, folder) in new[] { ("nnU-Net, repeated slices", "nnunet"), ("REHRSeg", "rehrseg") })
        {
            var (lr, hr) = (Labels(Path.Combine(folder, "lr"), lrTruth), Labels(Path.Combine(folder, "hr"), hrTruth));
            list.Add(new(name, "thick image", lr.Mean("DSC"), lr.Mean("HD95"), hr.Mean("DSC"), hr.Mean("HD95"), null, null));
        }
        return list;
    }

    static Table ToTable(IReadOnlyList<DemoScore> scores)
    {
        static string N(double? value) => value is { } v ? EvaluateVerb.Number(v) : "";
        var table = new Table().Border(TableBorder.Simple).AddColumns("method", "sees", "LR DSC", "LR HD95", "HR DSC", "HR HD95", "PSNR", "SSIM");
        foreach (var s in scores) table.AddRow(s.Method, s.Sees, N(s.LrDsc), N(s.LrHd95), N(s.HrDsc), N(s.HrHd95), N(s.Psnr), N(s.Ssim));
        return table;
    }
}

/// <summary>One line of the demo's table; DSC and HD95 (mm) are means over held-out cases and foreground classes.</summary>
internal sealed record DemoScore(string Method, string Sees, double? LrDsc, double? LrHd95, double? HrDsc, double? HrHd95, double? Psnr, double? Ssim);
