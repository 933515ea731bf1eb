using REHRSeg.Imaging;

namespace REHRSeg.Tool;

/// <summary>Finished units as rows of <c>results.csv</c>.</summary>
internal static class ResultRows
{
    /// <summary>The rows, in the order of the table: cells as in the grid, then folds, seeds and cases.</summary>
    /// <param name="grid">Of the experiment.</param>
    /// <param name="dataset">Hash of the experiment's dataset.</param>
    /// <param name="units">What the units left.</param>
    /// <exception cref="DatasetException">A unit is of another dataset or of no cell of the grid, or two are the same.</exception>
    public static IReadOnlyList<ResultRow> FromUnits(ExperimentGrid grid, string dataset, IEnumerable<UnitResult> units)
    {
        string[] names = [.. grid.Cells.Select(c => c.Name)];
        var rows = new List<ResultRow>();
        var seen = new HashSet<(string, int, int, string)>();
        foreach (var unit in units)
        {
            string name = $"The result of cell {unit.Cell}, fold {unit.Fold}";
            if (unit.Dataset != dataset)
                throw new DatasetException($"{name}, is of the dataset {unit.Dataset}, the experiment of {dataset}: their cases cannot be compared. Delete the folder {Path.Combine("cells", unit.Cell, $"fold_{unit.Fold}")} and repeat the command, or choose another --out.");
            if (!names.Contains(unit.Cell)) throw new DatasetException($"{name}, belongs to no cell of {grid.Source}; its cells are {string.Join(", ", names)}.");
            foreach (var c in unit.Cases)
            {
                if (!seen.Add((unit.Cell, unit.Fold, unit.Seed, c.Id))) throw new DatasetException($"{name}, holds case {c.Id} of seed {unit.Seed} twice.");
                var values = new Dictionary<string, double>(StringComparer.Ordinal);
                foreach (var score in c.Scores)
                    if (!values.TryAdd(ResultColumns.Of(score), score.Value)) throw new DatasetException($"{name}, case {c.Id} has {ResultColumns.Of(score)} twice. Rename the class '{score.Class}' in dataset.json if it is called as a column.");
                rows.Add(new(unit.Dataset, unit.Cell, unit.Fold, unit.Seed, c.Id, values));
            }
        }
        return [.. rows.OrderBy(r => Array.IndexOf(names, r.Cell)).ThenBy(r => r.Fold).ThenBy(r => r.Seed).ThenBy(r => r.Case, StringComparer.Ordinal)];
    }
}
