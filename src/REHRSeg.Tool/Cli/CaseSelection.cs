using System.Text.Json;
using REHRSeg.Imaging;

namespace REHRSeg.Tool;

/// <summary>Restricts a case list to <c>--cases</c>.</summary>
internal static class CaseSelection
{
    public static IReadOnlyList<MedicalCase> Apply(IReadOnlyList<MedicalCase> cases, string? selection, string source = "--input")
    {
        if (selection is null) return cases;
        HashSet<string> ids = [.. Ids(selection)];
        var chosen = cases.Where(c => ids.Contains(c.Id)).ToArray();
        var missing = ids.Except(chosen.Select(c => c.Id)).Order(StringComparer.Ordinal).ToArray();
        if (missing.Length > 0) throw new DatasetException($"--cases names {missing.Length} case(s) that {source} does not hold, for example {missing[0]}.");
        return chosen;
    }

    static IEnumerable<string> Ids(string selection)
    {
        int colon = selection.LastIndexOf(':');
        if (colon > 0 && File.Exists(selection[..colon]))
        {
            string file = selection[..colon];
            var folds = ReadFolds(file);
            if (folds.Count == 0) throw new DatasetException($"--cases {selection}: the run trained on every case (it had no --fold), so there are no validation cases. Name cases instead.");
            if (!int.TryParse(selection[(colon + 1)..], out int fold) || fold < 0 || fold >= folds.Count) throw new UsageException($"--cases {selection}: the fold must be 0 to {folds.Count - 1}.");
            return folds[fold].Validation;
        }
        if (File.Exists(selection)) throw new UsageException($"--cases {selection} is a file: add the fold, as in {selection}:0.");
        return selection.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
    }

    static List<Fold> ReadFolds(string file)
    {
        try
        {
            return JsonSerializer.Deserialize<List<Fold>>(File.ReadAllText(file), ToolConsole.JsonForm) ?? [];
        }
        catch (JsonException e)
        {
            throw new DatasetException($"--cases {file} is not a splits.json of 'rehrseg train': {e.Message}", e);
        }
    }
}
