namespace REHRSeg.Tool;

/// <summary>Options of a grid's cells: the preset's, then the cell's, then the command's.</summary>
internal static class GridOptions
{
    /// <summary>The options that a cell runs with, all checked.</summary>
    /// <param name="grid">The grid.</param>
    /// <param name="cell">One of its cells.</param>
    /// <param name="basePreset">What the cells start from.</param>
    /// <param name="commandSet">The command's <c>--set</c>, <c>stage.option=value</c>; wins over the cell's.</param>
    /// <exception cref="UsageException">There is no such option, a value is out of its range, or options do not go with the cell.</exception>
    public static (TrainingPreset Preset, FramePretrainingOptions Frames) Resolve(ExperimentGrid grid, GridCell cell, TrainingPreset basePreset, IReadOnlyList<string> commandSet)
    {
        string place = $"{grid.Source}: cell {cell.Name}";
        if (commandSet.FirstOrDefault(s => Option(s).Equals("segmentation.method", StringComparison.OrdinalIgnoreCase)) is { } method)
            throw new UsageException($"--set {method}: a cell's method is the grid's to say. Write a grid file with the \"method\" that you want.");
        var start = cell.Task == CellTask.Segmentation ? basePreset with { Segmentation = basePreset.Segmentation with { Method = MethodNames.Parse(cell.Method) } } : basePreset;
        var (preset, frames) = OptionOverrides.Apply(start, FramePretrainingPreset.Named(basePreset.Name).Options,
            [.. cell.Set.Select(s => ($"{place}:", $"{s.Key}={s.Value}")), .. commandSet.Select(s => ("--set", s))], place);
        var segmentation = preset.Segmentation;
        if (cell.Task != CellTask.Segmentation) return (preset, frames);
        if (segmentation is { KeepBest: true } or { Patience: not null } or { ChoosePostProcessing: true })
            throw new UsageException($"{place}: segmentation.keepBest, segmentation.patience and segmentation.choosePostProcessing choose by the held-out cases, which the experiment is scored on. Leave them out.");
        if (cell is { Method: "rehrseg", PseudoSource: not "selfsr" } && (segmentation.UseUncertainty || segmentation.UseDistillation))
            throw new UsageException($"{place}: pseudo data of {cell.PseudoSource} has neither uncertainty nor a teacher. Set segmentation.useUncertainty and segmentation.useDistillation to false.");
        return (preset, frames);
    }

    /// <summary>Options that the command sets over a cell's own, other values: what the cell is named after may be gone.</summary>
    public static IReadOnlyList<string> Overridden(GridCell cell, IEnumerable<string> commandSet) =>
        [.. commandSet.Where(s => cell.Set.TryGetValue(Option(s), out string? own) && !s.EndsWith("=" + own, StringComparison.OrdinalIgnoreCase)).Select(Option)];

    static string Option(string setting) => setting.Split('=')[0];
}
