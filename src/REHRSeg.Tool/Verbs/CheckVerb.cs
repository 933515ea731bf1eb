using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using REHRSeg.Imaging;
using Spectre.Console;

namespace REHRSeg.Tool;

/// <summary><c>rehrseg check</c>: integrity of a dataset and the plan that training would follow.</summary>
internal static class CheckVerb
{
    public static Command Create()
    {
        var dataset = CommonOptions.Path("--dataset", "Thick-slice dataset (Decathlon or nnU-Net v2 layout).");
        var factor = CommonOptions.Factor();
        var axis = CommonOptions.Axis();
        var preset = TrainVerb.PresetOption();
        var command = new Command("check", "Check a dataset and show the plan, before hours of work.") { dataset, factor, axis, preset };
        var planning = new PlanningOptions(command);
        command.OnRun((parse, console, cancel) =>
        {
            var data = CaseFiles.Dataset(parse.GetRequiredValue(dataset));
            var along = CommonOptions.ParseAxis(parse.GetValue(axis));
            var (chosen, r) = (planning.Apply(parse, TrainingPreset.Named(parse.GetValue(preset)!)), parse.GetValue(factor));
            var checkpoint = NnUNetCheckpoint.Read(chosen.Segmentation);
            var segmenter = new SegmenterPlan(data, seed: 1);
            var report = Run(console, data, r, along, cancel, segmenter);
            var plan = report.Problems.Count == 0 ? TrainingPlan.Create(data, report, chosen, r) : null;
            var network = plan is not null && report.HasForeground ? segmenter.Make(report.Cases.Select(c => c.Id), chosen.Segmentation, plan, checkpoint, gpu: false, resumed: null, console.Warn) : null;
            console.Result(new { dataset = data.Name, cases = report.Cases.Count, report.Problems, report.Warnings, plan, network = SegmenterPlan.ToJson(network) }, () => ToTable(data, report, plan, network));
            return report.Problems.Count == 0 ? CommandLine.Done : CommandLine.Failed;
        });
        return command;
    }

    /// <summary>Checks and prints every problem as an error line.</summary>
    public static DatasetReport Run(ToolConsole console, MedicalDataset dataset, int? factor, SliceAxis? axis, CancellationToken cancel, SegmenterPlan? segmenter = null)
    {
        var watch = Stopwatch.StartNew();
        var report = DatasetCheck.Run(dataset, factor, axis, new Steps(console, dataset.Cases.Count, watch), (c, image, label, along) => segmenter?.Measure(c.Id, image, label, along), cancel);
        foreach (string warning in report.Warnings) console.Warn(warning);
        foreach (string problem in report.Problems) console.Error(problem);
        return report;
    }

    static Table ToTable(MedicalDataset data, DatasetReport report, TrainingPlan? plan, SegmentationPlan? network)
    {
        var table = new Table().Border(TableBorder.Simple).AddColumns("what", "value");
        table.AddRow("dataset", Markup.Escape($"{data.Name}: {report.Cases.Count} readable of {data.Cases.Count} cases"));
        table.AddRow("labels", Markup.Escape(string.Join(", ", data.Labels.Select(l => $"{l.Value} {l.Name}"))));
        foreach (var label in data.Labels)
            table.AddRow(Markup.Escape($"voxels of {label.Name}"), report.Cases.Sum(c => c.LabelVoxels.GetValueOrDefault(label.Value)).ToString("N0", CultureInfo.InvariantCulture));
        if (plan is not null) foreach (var (key, value) in plan.Describe()) table.AddRow(Markup.Escape(key), Markup.Escape(value));
        if (network is not null) foreach (var (key, value) in PlanDescription.Lines(network)) table.AddRow(Markup.Escape($"segmenter: {key}"), Markup.Escape(value));
        table.AddRow("problems", report.Problems.Count.ToString(CultureInfo.InvariantCulture));
        return table;
    }

    sealed class Steps(ToolConsole console, int total, Stopwatch watch) : IProgress<int>
    {
        public void Report(int done) => console.Step("check", done, total, watch.Elapsed);
    }
}
