using System.Text.Json;
using System.Text.RegularExpressions;

namespace REHRSeg.Tool;

/// <summary>Reads a grid's JSON: shape and types here, what belongs together in <see cref="GridRules"/>.</summary>
internal static partial class GridReader
{
    const int MostCells = 256;

    public static ExperimentGrid Read(string file, JsonElement json)
    {
        var root = new GridElement(file, "$", json);
        var members = root.Object("$schema", "name", "title", "preset", "reference", "set", "cells", "orderings");
        if (members.TryGetValue("$schema", out var schema)) schema.Text();
        var common = members.TryGetValue("set", out var set) ? Settings(set) : [];
        var cells = Cells(Required(root, members, "cells"), common);
        var grid = new ExperimentGrid
        {
            Source = file,
            Name = Name(Required(root, members, "name")),
            Title = Required(root, members, "title").Text(),
            Preset = members.TryGetValue("preset", out var preset) ? preset.OneOf("tiny", "demo", "cpu", "paper") : null,
            Reference = Required(root, members, "reference").OneOf([.. cells.Select(c => c.Cell.Name)]),
            Cells = [.. cells.Select(c => c.Cell)],
        };
        GridRules.RequireOneTask(cells);
        return members.TryGetValue("orderings", out var orderings) ? grid with { Orderings = Orderings(orderings, grid) } : grid;
    }

    static List<(GridElement Place, GridCell Cell)> Cells(GridElement array, Dictionary<string, GridElement> common)
    {
        var entries = array.Array();
        if (entries.Length is 0 or > MostCells) throw array.Error($"has {entries.Length} cells; it must have 1 to {MostCells}.");
        var written = new Dictionary<string, WrittenCell>(StringComparer.Ordinal);
        var folders = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var entry in entries)
        {
            var members = entry.Object("name", "title", "extends", "task", "method", "pseudo", "pretrained", "consistency", "ensemble", "set");
            string name = Name(Required(entry, members, "name"));
            if (!folders.Add(name)) throw members["name"].Error($"is \"{name}\", as another cell's (case is ignored: cells are folders). Name every cell differently.");
            written.Add(name, new(name, Required(entry, members, "title").Text(), entry, members, members.TryGetValue("set", out var set) ? Settings(set) : []));
        }
        return [.. written.Values.Select(c => (c.Place, Cell(GridInheritance.Merge(c, written, common))))];
    }

    static GridCell Cell(WrittenCell cell)
    {
        var cellTask = cell.Members.TryGetValue("task", out var task) ? GridRules.Task(task) : CellTask.Segmentation;
        string? Word(string name, params string[] words) => cell.Members.TryGetValue(name, out var member) && !member.IsNull ? member.OneOf(words) : null;
        var result = new GridCell
        {
            Name = cell.Name, Title = cell.Title, Task = cellTask,
            Method = cell.Members.TryGetValue("method", out var method) ? method.OneOf([.. GridRules.Methods(cellTask)]) : GridRules.StandardMethod(cellTask, cell.Place),
            PseudoSource = cell.Members.TryGetValue("pseudo", out var pseudo) ? pseudo.OneOf("selfsr", "smore", "spline", "spline-sdf") : "selfsr",
            Pretrained = cell.Members.TryGetValue("pretrained", out var pretrained) && pretrained.Flag(),
            Consistency = Word("consistency", "none", "labels", "image", "both"),
            Ensemble = Word("ensemble", "none", "mirror", "full"),
            Set = cell.Set.ToDictionary(s => s.Key, s => s.Value.Scalar(), StringComparer.OrdinalIgnoreCase),
        };
        GridRules.RequireConsistent(result, cell);
        return result;
    }

    /// <summary>Options and their values; options are the same whatever the case of their letters.</summary>
    static Dictionary<string, GridElement> Settings(GridElement set)
    {
        var result = new Dictionary<string, GridElement>(StringComparer.OrdinalIgnoreCase);
        foreach (var (option, value) in set.Members())
        {
            string text = value.Scalar();
            if (option.Contains('=')) throw value.Error("is not the name of an option: write \"stage.option\": value.");
            if (!result.TryAdd(option, value)) throw value.Error($"is given twice (case is ignored).");
            OptionOverrides.Check($"{set.File}: {set.Path}", $"{option}={text}");
            if (option.Equals("segmentation.method", StringComparison.OrdinalIgnoreCase)) throw value.Error("cannot be set; give the cell's \"method\".");
        }
        return result;
    }

    static List<GridOrdering> Orderings(GridElement array, ExperimentGrid grid)
    {
        var result = new List<GridOrdering>();
        string[] names = [.. grid.Cells.Select(c => c.Name)];
        var task = grid.Cells[0].Task;
        foreach (var entry in array.Array())
        {
            var members = entry.Object("better", "than", "grid", "measure", "source");
            GridElement Member(string name) => Required(entry, members, name);
            var ordering = new GridOrdering(Member("better").OneOf(names), Member("than").OneOf(names), Member("grid").OneOf([.. GridRules.Grids(task)]), Member("measure").OneOf([.. GridRules.Measures(task)]), Member("source").Text());
            if (ordering.Better == ordering.Than) throw entry.Error($"compares cell {ordering.Better} with itself.");
            if (result.Any(o => o with { Source = ordering.Source } == ordering)) throw entry.Error("is given twice.");
            result.Add(ordering);
        }
        return result;
    }

    static GridElement Required(GridElement owner, Dictionary<string, GridElement> members, string name) =>
        members.TryGetValue(name, out var member) ? member : throw owner.Error($"has no \"{name}\".");

    static string Name(GridElement element) => element.Value.ValueKind == JsonValueKind.String && NamePattern().IsMatch(element.Text()) ? element.Text() : throw element.Wrong("a name of 1 to 64 letters, digits and hyphens");

    [GeneratedRegex("^[A-Za-z0-9][A-Za-z0-9-]{0,63}\\z")]
    private static partial Regex NamePattern();
}

/// <summary>A cell as it stands in the file.</summary>
internal sealed record WrittenCell(string Name, string Title, GridElement Place, Dictionary<string, GridElement> Members, Dictionary<string, GridElement> Set);
