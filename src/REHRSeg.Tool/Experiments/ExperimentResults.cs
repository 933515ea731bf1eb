using System.Text.Json;
using REHRSeg.Imaging;

namespace REHRSeg.Tool;

/// <summary>What an experiment's folder holds: its description and its finished units.</summary>
internal sealed record ExperimentResults(ExperimentDescription Description, IReadOnlyList<UnitResult> Units)
{
    /// <summary>One row a case and cell.</summary>
    public IReadOnlyList<ResultRow> Rows => ResultRows.FromUnits(Description.Grid, Description.Dataset, Units);

    /// <summary>Means, tests, claims.</summary>
    public ExperimentStatistics Statistics => ExperimentAnalysis.Of(Description.Grid, Rows);

    /// <summary>Writes <c>results.csv</c>, <c>table.md</c> and <c>table.tex</c>.</summary>
    public void Write(ExperimentFolder folder)
    {
        var (rows, statistics) = (Rows, Statistics);
        ResultCsv.Write(folder.Results, rows);
        AtomicFile.WriteText(folder.Markdown, ExperimentTables.Markdown(Description, statistics));
        AtomicFile.WriteText(folder.Latex, ExperimentTables.Latex(Description, statistics));
    }

    /// <exception cref="DatasetException">Not an experiment's folder, or a unit's results are of another dataset.</exception>
    public static ExperimentResults Read(string path)
    {
        var description = ReadDescription(path);
        var folder = new ExperimentFolder(path);
        var units = new List<UnitResult>();
        foreach (var cell in description.Grid.Cells)
            for (int fold = 0; fold < description.Folds; fold++)
            {
                if (ReadUnit(folder.Unit(cell.Name, fold)) is not { } unit) continue;
                if (unit.Dataset != description.Dataset)
                    throw new DatasetException($"{folder.Unit(cell.Name, fold).Result} holds results of dataset {unit.Dataset}, the experiment is of {description.Dataset}. Delete that folder and repeat the command with --resume.");
                if (description.Covers(unit)) units.Add(unit);
            }
        return new(description, units);
    }

    /// <exception cref="DatasetException">It is not there or cannot be read.</exception>
    public static ExperimentDescription ReadDescription(string path)
    {
        string file = new ExperimentFolder(path).Description;
        if (!File.Exists(file)) throw new DatasetException($"{path} has no experiment.json: it is not the --out folder of 'rehrseg experiment'.");
        try
        {
            return JsonSerializer.Deserialize<ExperimentDescription>(File.ReadAllText(file), ToolConsole.JsonForm) ?? throw new JsonException("it is empty");
        }
        catch (JsonException e)
        {
            throw new DatasetException($"{file} cannot be read: {e.Message} Repeat the 'rehrseg experiment' command with --resume after deleting it.", e);
        }
    }

    /// <summary>A finished unit; null: unfinished, or its file is damaged, so that it runs again.</summary>
    public static UnitResult? ReadUnit(UnitFolder folder)
    {
        try
        {
            return File.Exists(folder.Result) ? JsonSerializer.Deserialize<UnitResult>(File.ReadAllText(folder.Result), ToolConsole.JsonForm) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
