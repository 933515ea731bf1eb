using System.Globalization;
using System.Text;
using nietras.SeparatedValues;
using REHRSeg.Imaging;

namespace REHRSeg.Tool;

/// <summary><c>results.csv</c> (RFC 4180): dataset, cell, fold, seed, case, then one column a value. Empty: the row has no such value; NaN and Infinity are written as such.</summary>
internal static class ResultCsv
{
    static readonly string[] s_keys = ["dataset", "cell", "fold", "seed", "case"];

    public static void Write(string path, IReadOnlyList<ResultRow> rows) => AtomicFile.WriteText(path, ToText(rows));

    public static string ToText(IReadOnlyList<ResultRow> rows)
    {
        var columns = ResultColumns.Ordered(rows.SelectMany(r => r.Values.Keys));
        var text = new StringBuilder();
        void Line(IEnumerable<string> fields) => text.AppendJoin(',', fields.Select(Quoted)).Append('\n');
        Line([.. s_keys, .. columns]);
        foreach (var r in rows)
            Line([r.Dataset, r.Cell, Integer(r.Fold), Integer(r.Seed), r.Case, .. columns.Select(c => r.Values.TryGetValue(c, out double value) ? value.ToString("R", CultureInfo.InvariantCulture) : "")]);
        return text.ToString();
    }

    /// <summary>Reads what <see cref="Write"/> wrote, or somebody edited.</summary>
    /// <param name="path">The file.</param>
    /// <param name="grid">Its cells are the known ones; null: any.</param>
    /// <param name="dataset">Hash of the experiment's dataset; null: the first row's, which all others must have.</param>
    /// <exception cref="DatasetException">Names file, line and remedy.</exception>
    public static IReadOnlyList<ResultRow> Read(string path, ExperimentGrid? grid = null, string? dataset = null)
    {
        if (!File.Exists(path)) throw new DatasetException($"{path} does not exist. Run 'rehrseg experiment' first.");
        using var reader = Sep.New(',').Reader(o => o with { HasHeader = false, Unescape = true, DisableColCountCheck = true }).FromFile(path);
        string[]? header = null;
        var rows = new List<ResultRow>();
        var lines = new Dictionary<(string, int, int, string), int>();
        foreach (var line in reader)
        {
            int number = line.LineNumberFrom;
            string[] fields = Fields(line);
            if (fields is [""]) continue; // an empty line
            if (header is null)
            {
                RequireHeader(path, header = fields);
                continue;
            }
            DatasetException Wrong(string what) => new($"{path}, line {number}: {what}");
            if (fields.Length != header.Length) throw Wrong($"there are {fields.Length} columns, the header has {header.Length}.");
            int Whole(int column) => int.TryParse(fields[column], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int n) ? n : throw Wrong($"{header[column]} is '{fields[column]}'; it must be a whole number.");
            double Number(int column) => double.TryParse(fields[column], NumberStyles.Float, CultureInfo.InvariantCulture, out double x) ? x : throw Wrong($"{header[column]} is '{fields[column]}'; it must be a number, NaN, Infinity, -Infinity or empty.");
            var row = new ResultRow(fields[0], fields[1], Whole(2), Whole(3), fields[4],
                Enumerable.Range(s_keys.Length, header.Length - s_keys.Length).Where(i => fields[i].Length > 0).ToDictionary(i => header[i], Number, StringComparer.Ordinal));
            dataset ??= row.Dataset;
            if (row.Dataset != dataset) throw Wrong($"the row is of the dataset {row.Dataset}, the experiment of {dataset}: their cases cannot be compared. Remove the row, or run the experiment again.");
            if (grid is not null && grid.Cells.All(c => c.Name != row.Cell)) throw Wrong($"there is no cell '{row.Cell}' in {grid.Source}; its cells are {string.Join(", ", grid.Cells.Select(c => c.Name))}.");
            if (row.Case.Length == 0) throw Wrong("the case has no name.");
            if (!lines.TryAdd((row.Cell, row.Fold, row.Seed, row.Case), number)) throw Wrong($"cell {row.Cell}, fold {row.Fold}, seed {row.Seed}, case {row.Case} is in line {lines[(row.Cell, row.Fold, row.Seed, row.Case)]} already. Remove one of the two.");
            rows.Add(row);
        }
        return header is null ? throw new DatasetException($"{path} is empty.") : rows;
    }

    static void RequireHeader(string path, string[] header)
    {
        if (!header.Take(s_keys.Length).SequenceEqual(s_keys)) throw new DatasetException($"{path}, line 1: the header starts with '{string.Join(",", header.Take(s_keys.Length))}'; it must start with '{string.Join(",", s_keys)}'.");
        if (header.GroupBy(h => h, StringComparer.Ordinal).FirstOrDefault(g => g.Count() > 1) is { } twice) throw new DatasetException($"{path}, line 1: column '{twice.Key}' is there twice.");
        if (header.Contains("")) throw new DatasetException($"{path}, line 1: column {Array.IndexOf(header, "") + 1} has no name.");
    }

    static string[] Fields(SepReader.Row row)
    {
        var fields = new string[row.ColCount];
        for (int i = 0; i < fields.Length; i++) fields[i] = row[i].ToString();
        return fields;
    }

    static string Integer(int value) => value.ToString(CultureInfo.InvariantCulture);

    static string Quoted(string field) => field.AsSpan().ContainsAny("\",\r\n") || field != field.Trim() ? $"\"{field.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : field;
}
