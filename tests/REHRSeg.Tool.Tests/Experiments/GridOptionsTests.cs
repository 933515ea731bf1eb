namespace REHRSeg.Tool.Tests;

public sealed class GridOptionsTests
{
    static ExperimentGrid Grid(string cell, string common = "{}") => GridFile.Parse("my.json", $$"""{ "name": "g", "title": "g", "reference": "a", "set": {{common}}, "cells": [{ "name": "a", "title": "a", {{cell}} }] }""");

    static string Refused(string cell, params string[] set)
    {
        var grid = Grid(cell);
        return Assert.Throws<UsageException>(() => GridOptions.Resolve(grid, grid.Cells[0], TrainingPreset.Tiny, set)).Message;
    }

    [Fact]
    public void The_commands_options_win_over_the_cells_and_those_over_the_grids_and_the_presets()
    {
        var grid = Grid("""
            "set": { "selfsr.iterations": 2, "selfsr.batchSize": 5, "smore.iterations": 9, "frames.outputs": 3, "segmentation.distillation": "mimic" }
            """, """{ "selfsr.iterations": 1, "selfsr.branches": 4, "segmentation.deepSupervision": false }""");
        var (preset, frames) = GridOptions.Resolve(grid, grid.Cells[0], TrainingPreset.Tiny, ["SELFSR.BatchSize=6", "frames.iterations=11"]);
        Assert.Equal((2, 6, 4, 9), (preset.SelfSr.Iterations, preset.SelfSr.BatchSize, preset.SelfSr.Branches, preset.SelfSr.Smore.Iterations));
        Assert.Equal((3, 11), (frames.Outputs, frames.Iterations));
        Assert.Equal((DistillationKind.Mimic, false), (preset.Segmentation.Distillation, preset.Segmentation.DeepSupervision));
        Assert.Equal((12, 2, 8), (TrainingPreset.Tiny.SelfSr.Iterations, TrainingPreset.Tiny.SelfSr.BatchSize, TrainingPreset.Tiny.SelfSr.Smore.Iterations)); // presets stay as they are
    }

    [Fact]
    public void Values_out_of_range_are_refused_with_file_and_cell()
    {
        string message = Refused("\"set\": { \"selfsr.patchSize\": 20 }");
        Assert.StartsWith("my.json: cell a: ", message, StringComparison.Ordinal);
        Assert.Contains("PatchSize is 20; it must be a positive multiple of 8", message, StringComparison.Ordinal);
        Assert.Contains("my.json: cell a: FramePretrainingOptions.Outputs is 16", Refused("\"set\": { \"frames.outputs\": 16 }"), StringComparison.Ordinal);
        Assert.Contains("my.json: cell a: SmoreOptions.Blocks is 99", Refused("\"set\": { \"smore.blocks\": 99 }"), StringComparison.Ordinal);
        Assert.Contains("DistillationWeight is -1", Refused("\"method\": \"rehrseg\"", "segmentation.distillationWeight=-1"), StringComparison.Ordinal);
    }

    [Fact]
    public void The_commands_unknown_options_are_refused()
    {
        Assert.Contains("--set selfsr.nonsense=1: selfsr has no option 'nonsense'", Refused("\"method\": \"rehrseg\"", "selfsr.nonsense=1"), StringComparison.Ordinal);
        Assert.Contains("use selfsr, smore, segmentation or frames", Refused("\"method\": \"rehrseg\"", "other.width=1"), StringComparison.Ordinal);
        Assert.Contains("'0,5' is not a Double", Refused("\"method\": \"rehrseg\"", "selfsr.learningRate=0,5"), StringComparison.Ordinal);
        Assert.Contains("a cell's method is the grid's", Refused("\"method\": \"rehrseg\"", "segmentation.Method=NnUNet"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"set\": { \"segmentation.keepBest\": true }", "held-out cases")]
    [InlineData("\"set\": { \"segmentation.patience\": 3 }", "held-out cases")]
    [InlineData("\"set\": { \"segmentation.choosePostProcessing\": true }", "held-out cases")]
    [InlineData("\"pseudo\": \"smore\"", "neither uncertainty nor a teacher")]
    [InlineData("\"pseudo\": \"spline\", \"set\": { \"segmentation.useUncertainty\": false }", "segmentation.useDistillation to false")]
    public void What_would_make_a_cell_something_else_is_refused(string cell, string word)
    {
        string message = Refused(cell);
        Assert.StartsWith("my.json: cell a: ", message, StringComparison.Ordinal);
        Assert.Contains(word, message, StringComparison.Ordinal);
    }

    [Fact]
    public void Options_of_a_cell_that_the_command_replaces_are_told()
    {
        var grid = GridFile.Load("table6");
        var cell = grid.Cells.Single(c => c.Name == "lambda-10");
        Assert.Equal(["segmentation.DistillationWeight"], GridOptions.Overridden(cell, ["segmentation.DistillationWeight=1", "selfsr.iterations=3"]));
        Assert.Empty(GridOptions.Overridden(cell, ["segmentation.distillationWeight=10", "selfsr.iterations=3"]));
    }
}
