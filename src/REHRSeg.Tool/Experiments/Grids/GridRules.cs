namespace REHRSeg.Tool;

/// <summary>What goes together in a grid.</summary>
internal static class GridRules
{
    static readonly (string Name, CellTask Task)[] s_tasks = [("segmentation", CellTask.Segmentation), ("super-resolution", CellTask.SuperResolution)];

    public static CellTask Task(GridElement task)
    {
        string name = task.OneOf([.. s_tasks.Select(t => t.Name)]);
        return s_tasks.Single(t => t.Name == name).Task;
    }

    public static IReadOnlyList<string> Methods(CellTask task) => task == CellTask.Segmentation ? MethodNames.Names : ["nearest", "spline", "spline-sdf", "smore", "selfsr"];

    /// <summary>What a cell's results are scored on.</summary>
    public static IReadOnlyList<string> Grids(CellTask task) => task == CellTask.Segmentation ? ["LR", "HR"] : ["HR"];

    /// <summary>What may be compared.</summary>
    public static IReadOnlyList<string> Measures(CellTask task) => task == CellTask.Segmentation ? ["DSC", "HD95"] : ["PSNR", "SSIM", "DSC", "HD95"];

    public static string StandardMethod(CellTask task, GridElement cell) =>
        task == CellTask.Segmentation ? new GridCell { Name = "", Title = "" }.Method : throw cell.Error($"has no \"method\"; with the task super-resolution it must be one of {string.Join(", ", Methods(task))}.");

    /// <summary>A table has one task.</summary>
    public static void RequireOneTask(IReadOnlyList<(GridElement Place, GridCell Cell)> cells)
    {
        var first = cells[0].Cell;
        foreach (var (place, cell) in cells)
            if (cell.Task != first.Task) throw place.Error($"({cell.Name}) has the task {Name(cell.Task)}, cell {first.Name} has {Name(first.Task)}: a grid is one table with one task. Make two grids of it.");
    }

    /// <summary>Refuses settings that would be without effect.</summary>
    public static void RequireConsistent(GridCell cell, WrittenCell written)
    {
        UsageException Refused(string property, string why) => written.Members[property].Error($"does not go with cell {cell.Name}{(written.Members[property].Path.StartsWith(written.Place.Path + ".", StringComparison.Ordinal) ? "" : ", which inherits it")}: {why}");
        bool segments = cell.Task == CellTask.Segmentation, learnsSelfSr = cell.Method == "selfsr" || (cell.Method == "rehrseg" && cell.PseudoSource == "selfsr");
        if (cell.PseudoSource != "selfsr" && cell.Method != "rehrseg") throw Refused("pseudo", $"method {cell.Method} has no pseudo data. Leave it out, or set it to \"selfsr\".");
        if (cell.Pretrained && !learnsSelfSr) throw Refused("pretrained", "it trains no self-super-resolution. Leave it out, or set it to false.");
        if (cell.Consistency is not null && segments) throw Refused("consistency", "it belongs to the task super-resolution. Leave it out, or set it to null.");
        if (cell.Ensemble is not null && segments) throw Refused("ensemble", "it belongs to the task super-resolution. Leave it out, or set it to null.");
        if (cell.Ensemble is not null && cell.Method is not ("smore" or "selfsr")) throw Refused("ensemble", $"method {cell.Method} has no network. Leave it out, or set it to null.");
        if (cell.Consistency is "labels" or "both" && cell.Method is "nearest" or "spline" or "spline-sdf") throw Refused("consistency", $"the labels of method {cell.Method} are not corrected. Use \"image\" or \"none\".");
    }

    static string Name(CellTask task) => s_tasks.Single(t => t.Task == task).Name;
}
