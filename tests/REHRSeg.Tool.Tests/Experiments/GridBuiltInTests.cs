using System.Text.Json;

namespace REHRSeg.Tool.Tests;

/// <summary>The built-in grids against the numbers printed in the paper (tests/oracles/statistics/paper.json).</summary>
public sealed class GridBuiltInTests
{
    public static TheoryData<string> Names => [.. GridFile.BuiltIn];

    [Fact]
    public void The_papers_five_tables_are_built_in() => Assert.Equal(["table2", "table3", "table4", "table5", "table6"], GridFile.BuiltIn);

    [Theory]
    [MemberData(nameof(Names))]
    public void The_orderings_are_those_of_adjacent_rows_and_of_bold_numbers(string name)
    {
        var grid = GridFile.Load(name);
        var table = JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "oracles", "statistics", "paper.json"))).RootElement.GetProperty("tables").GetProperty(name);
        string[] rows = [.. table.GetProperty("rows").EnumerateArray().Select(r => r.GetString()!)];
        Assert.Subset(grid.Cells.Select(c => c.Name).ToHashSet(), rows.ToHashSet());
        var expected = new HashSet<string>();
        foreach (var column in table.GetProperty("columns").EnumerateObject())
        {
            double?[] means = [.. column.Value.GetProperty("means").EnumerateArray().Select(m => m.ValueKind == JsonValueKind.Null ? (double?)null : m.GetDouble())];
            string? bold = column.Value.GetProperty("bold").GetString();
            for (int i = 0; i < rows.Length; i++)
            {
                for (int j = 0; j < rows.Length; j++)
                {
                    bool claimed = Math.Abs(i - j) == 1 || rows[i] == bold || rows[j] == bold, better = column.Name.EndsWith("HD95", StringComparison.Ordinal) ? means[i] < means[j] : means[i] > means[j];
                    if (claimed && better) expected.Add($"{rows[i]} over {rows[j]}, {column.Name}");
                }
            }
        }
        Assert.Equal(expected.Order(), grid.Orderings.Where(o => o.Source == $"paper, Table {name[^1]}").Select(o => $"{o.Better} over {o.Than}, {o.Grid} {o.Measure}").Order());
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_cell_has_valid_options_in_every_preset_and_leaves_lengths_to_it(string name)
    {
        var grid = GridFile.Load(name);
        Assert.Null(grid.Preset);
        foreach (var cell in grid.Cells)
        {
            Assert.DoesNotContain(cell.Set.Keys, k => k.Contains("iterations", StringComparison.OrdinalIgnoreCase));
            foreach (string preset in (string[])["tiny", "demo", "cpu", "paper"])
            {
                var start = TrainingPreset.Named(preset);
                var (options, frames) = GridOptions.Resolve(grid, cell, start, []);
                Assert.Equal((start.SelfSr.Iterations, start.Segmentation.FineTuneIterations), (options.SelfSr.Iterations, options.Segmentation.FineTuneIterations));
                Assert.Equal(FramePretrainingPreset.Named(preset).Options, frames);
            }
        }
    }

    [Fact]
    public void Rows_that_the_paper_prints_as_one_are_the_same_options()
    {
        string Resolved(string grid, string cell)
        {
            var g = GridFile.Load(grid);
            var c = g.Cells.Single(x => x.Name == cell);
            var preset = GridOptions.Resolve(g, c, TrainingPreset.Paper, []).Preset;
            return JsonSerializer.Serialize(new { c.Method, c.PseudoSource, c.Pretrained, selfSr = OptionOverrides.Snapshot(preset.SelfSr), segmentation = OptionOverrides.Snapshot(preset.Segmentation) });
        }
        string ours = Resolved("table4", "rehrseg");
        Assert.Equal(ours, Resolved("table3", "rehrseg"));
        Assert.Equal(ours, Resolved("table5", "rehrseg"));
        Assert.Equal(ours, Resolved("table6", "lambda-1"));
        Assert.Equal(Resolved("table4", "uncertainty"), Resolved("table6", "none"));
    }

    [Fact]
    public void Components_are_added_one_by_one()
    {
        var grid = GridFile.Load("table4");
        var options = grid.Cells.Select(c => (c.Method, GridOptions.Resolve(grid, c, TrainingPreset.Cpu, []).Preset.Segmentation)).ToArray();
        Assert.Equal([("nnunet", SegmentationMethod.NnUNet), ("rehrseg", SegmentationMethod.RehrSeg), ("rehrseg", SegmentationMethod.RehrSeg), ("rehrseg", SegmentationMethod.RehrSeg)], options.Select(o => (o.Method, o.Segmentation.Method)));
        Assert.Equal([(false, false), (true, false), (true, true)], options[1..].Select(o => (o.Segmentation.UseUncertainty, o.Segmentation.UseDistillation)));
    }

    [Fact]
    public void Distillation_differs_by_kind_and_weight_alone()
    {
        var grid = GridFile.Load("table6");
        var options = grid.Cells.ToDictionary(c => c.Name, c => GridOptions.Resolve(grid, c, TrainingPreset.Cpu, []).Preset.Segmentation);
        Assert.Equal((DistillationKind.Mimic, DistillationKind.Ifvd, DistillationKind.CorrelationOnly), (options["mimic"].Distillation, options["ifvd"].Distillation, options["correlation-only"].Distillation));
        Assert.Equal([0.01, 0.1, 1, 10], ((string[])["lambda-0-01", "lambda-0-1", "lambda-1", "lambda-10"]).Select(n => options[n].DistillationWeight));
        Assert.All(options, o => Assert.Equal(o.Key != "none", o.Value.UseDistillation));
        Assert.All(options.Where(o => o.Key.StartsWith("lambda", StringComparison.Ordinal)), o => Assert.Equal(options["lambda-1"], o.Value with { DistillationWeight = 1 }));
    }

    [Fact]
    public void Pseudo_data_of_others_has_neither_uncertainty_nor_a_teacher()
    {
        var grid = GridFile.Load("table5");
        foreach (var cell in grid.Cells)
        {
            var segmentation = GridOptions.Resolve(grid, cell, TrainingPreset.Cpu, []).Preset.Segmentation;
            Assert.Equal((cell.PseudoSource == "selfsr", cell.PseudoSource == "selfsr"), (segmentation.UseUncertainty, segmentation.UseDistillation));
        }
        Assert.Equal(["spline", "spline-sdf", "smore", "selfsr", "selfsr"], grid.Cells.Select(c => c.PseudoSource));
        Assert.Equal([false, false, false, false, true], grid.Cells.Select(c => c.Pretrained));
    }
}
