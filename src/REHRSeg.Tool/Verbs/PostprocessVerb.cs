using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using REHRSeg.Imaging;

namespace REHRSeg.Tool;

/// <summary>
/// <c>rehrseg postprocess</c>: keep-largest-component on label maps of any origin, chosen against references as nnU-Net's determine_postprocessing does, or as given. What a model's own
/// validation chose is in the model already, and <c>predict</c> applies it.
/// </summary>
internal static class PostprocessVerb
{
    public static Command Create()
    {
        var predictions = CommonOptions.Path("--predictions", "Folder of predicted label maps, CASE.nii.gz.");
        var reference = CommonOptions.Path("--reference", "Folder of reference label maps: rules are chosen that raise the mean DSC and lower no class's.", required: false);
        var rules = CommonOptions.Path("--rules", "Rules to apply in this order instead, as in 'foreground,2': of the whole foreground, of label 2.", required: false);
        var outDir = CommonOptions.Path("--out", "Folder for the post-processed label maps and postprocessing.json.", required: false);
        var command = new Command("postprocess", "Choose and apply keep-largest-component post-processing of label maps.") { predictions, reference, rules, outDir };
        command.OnRun((parse, console, cancel) =>
        {
            var (from, references, given, to) = (parse.GetRequiredValue(predictions), parse.GetValue(reference), parse.GetValue(rules), parse.GetValue(outDir));
            if ((references is null) == (given is null)) throw new UsageException("Give --reference DIR to choose rules, or --rules to apply given ones.");
            if (references is null && to is null) throw new UsageException("--rules needs --out DIR for the result.");
            var files = CaseFiles.Volumes(from);
            if (files.Count == 0) throw new DatasetException($"--predictions {from} holds no .nii or .nii.gz files.");
            if (to is not null && Path.GetFullPath(to) == Path.GetFullPath(from)) throw new UsageException("--out must be another folder than --predictions, whose files stay as they are.");
            object? dice = null;
            var chosen = given is not null ? Parse(given) : Choose(console, files, references!, cancel, out dice);
            console.Info(chosen.Count == 0 ? "No rule helps." : $"Keep the largest component of: {string.Join(", ", chosen)}");
            int code = to is null ? CommandLine.Done : Apply(console, files, chosen, to, cancel);
            var result = new { rules = chosen.Select(r => r.ToString()).ToArray(), dice };
            if (to is not null) AtomicFile.WriteText(Path.Combine(to, "postprocessing.json"), JsonSerializer.Serialize(result, ToolConsole.JsonForm) + "\n");
            console.Result(result);
            return code;
        });
        return command;
    }

    static IReadOnlyList<LargestComponentRule> Choose(ToolConsole console, SortedDictionary<string, string> files, string reference, CancellationToken cancel, out object dice)
    {
        var references = CaseFiles.Volumes(reference);
        var pairs = files.Select(f => (Prediction: f.Value, Reference: references.GetValueOrDefault(f.Key) ?? throw new DatasetException($"{reference} has no volume named {f.Key}; restore it, or remove {f.Value}."))).ToArray();
        var labels = new SortedSet<int>();
        foreach (var pair in pairs)
        {
            cancel.ThrowIfCancellationRequested();
            labels.UnionWith(Resampler.LabelValues(VolumeFile.Read(pair.Reference)).Where(v => v > 0).Select(v => (int)v));
        }
        if (labels.Count == 0) throw new DatasetException($"The references in {reference} are empty: no rule can be chosen.");
        var choice = new LargestComponentChoice(labels);
        foreach (var pair in pairs)
        {
            cancel.ThrowIfCancellationRequested();
            var (p, r) = (VolumeFile.Read(pair.Prediction), VolumeFile.Read(pair.Reference));
            p.RequireSameGrid(r, pair.Prediction, pair.Reference);
            choice.Add(p, r);
        }
        dice = labels.ToDictionary(l => l.ToString(CultureInfo.InvariantCulture), l => new { before = choice.DiceBefore[l], after = choice.DiceAfter[l] });
        foreach (int label in labels) console.Info(FormattableString.Invariant($"label {label}: mean DSC {choice.DiceBefore[label]:0.0000} before, {choice.DiceAfter[label]:0.0000} after"));
        return choice.Rules;
    }

    static int Apply(ToolConsole console, SortedDictionary<string, string> files, IReadOnlyList<LargestComponentRule> rules, string outDir, CancellationToken cancel) =>
        Batch.ForEach(console, "postprocess", [.. files.Select(f => new MedicalCase(f.Key, [f.Value], null))],
            c => VolumeFile.WriteLabels(LargestComponent.Keep(VolumeFile.Read(c.ImageFiles[0]), rules), Path.Combine(outDir, c.Id + ".nii.gz")), cancel);

    static LargestComponentRule[] Parse(string rules) => Array.ConvertAll(rules.Split(',', StringSplitOptions.TrimEntries), rule =>
        rule == "foreground" ? LargestComponentRule.Foreground
        : int.TryParse(rule, NumberStyles.None, CultureInfo.InvariantCulture, out int label) && label > 0 ? new LargestComponentRule(label)
        : throw new UsageException($"--rules {rules}: '{rule}' is neither 'foreground' nor a label above 0."));
}
