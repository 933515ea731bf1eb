using System.Text;
using System.Text.Json;
using CsCheck;

namespace REHRSeg.Tool.Tests;

public sealed class GridFileTests : IDisposable
{
    readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    ExperimentGrid Load(string json)
    {
        File.WriteAllText(_folder["my.json"], json);
        return GridFile.Load(_folder["my.json"]);
    }

    [Fact]
    public void A_file_says_everything_that_a_cell_has()
    {
        var grid = Load("""
            {
              "name": "mine", "title": "My | grid", "preset": "tiny", "reference": "full", "set": { "selfsr.iterations": 5, "segmentation.useUncertainty": true },
              "cells": [
                { "name": "full", "title": "Full", "pretrained": true, "set": { "segmentation.distillationWeight": 0.5, "segmentation.distillation": "Ifvd", "selfsr.clipNorm": null } },
                { "name": "plain", "title": "Plain", "task": "segmentation", "method": "nnunet" },
                { "name": "by-smore", "title": "SMORE", "pseudo": "smore", "set": { "segmentation.useUncertainty": false, "segmentation.useDistillation": false, "Selfsr.ITERATIONS": 7 } }
              ],
              "orderings": [{ "better": "full", "than": "plain", "grid": "LR", "measure": "HD95", "source": "me" }]
            }
            """);
        Assert.Equal(("mine", "My | grid", "tiny", "full"), (grid.Name, grid.Title, grid.Preset, grid.Reference));
        Assert.Equal(["full", "plain", "by-smore"], grid.Cells.Select(c => c.Name));
        var (full, plain, smore) = (grid.Cells[0], grid.Cells[1], grid.Cells[2]);
        Assert.Equal((CellTask.Segmentation, "rehrseg", "selfsr", true, null), (full.Task, full.Method, full.PseudoSource, full.Pretrained, full.Consistency));
        Assert.Equal(new Dictionary<string, string> { ["selfsr.iterations"] = "5", ["segmentation.useUncertainty"] = "true", ["segmentation.distillationWeight"] = "0.5", ["segmentation.distillation"] = "Ifvd", ["selfsr.clipNorm"] = "" }, full.Set);
        Assert.Equal(("nnunet", false), (plain.Method, plain.Pretrained));
        Assert.Equal(("rehrseg", "smore", "7", "false"), (smore.Method, smore.PseudoSource, smore.Set["selfsr.iterations"], smore.Set["segmentation.useUncertainty"]));
        Assert.Equal([new GridOrdering("full", "plain", "LR", "HD95", "me")], grid.Orderings);
    }

    [Fact]
    public void A_cell_inherits_everything_but_name_and_title_and_its_own_settings_win()
    {
        var grid = Load("""
            {
              "name": "mine", "title": "t", "reference": "c", "set": { "selfsr.width": 8, "smore.width": 8 },
              "cells": [
                { "name": "c", "title": "C", "extends": "b", "ensemble": null, "set": { "selfsr.iterations": 3 } },
                { "name": "b", "title": "B", "extends": "a", "consistency": "both", "set": { "selfsr.iterations": 2, "SELFSR.width": 16 } },
                { "name": "a", "title": "A", "task": "super-resolution", "method": "selfsr", "pretrained": true, "consistency": "none", "ensemble": "mirror", "set": { "selfsr.iterations": 1, "selfsr.batchSize": 4 } }
              ]
            }
            """);
        var (c, b, a) = (grid.Cells[0], grid.Cells[1], grid.Cells[2]);
        Assert.Equal(("a", "A", "none", "mirror", "1", "8"), (a.Name, a.Title, a.Consistency, a.Ensemble, a.Set["selfsr.iterations"], a.Set["selfsr.width"]));
        Assert.Equal(("b", "B", "both", "mirror", "2", "16"), (b.Name, b.Title, b.Consistency, b.Ensemble, b.Set["selfsr.iterations"], b.Set["selfsr.width"]));
        Assert.Equal(("c", "C", CellTask.SuperResolution, "selfsr", true, "both", null), (c.Name, c.Title, c.Task, c.Method, c.Pretrained, c.Consistency, c.Ensemble));
        Assert.Equal(("3", "16", "4", "8"), (c.Set["selfsr.iterations"], c.Set["selfsr.width"], c.Set["selfsr.batchsize"], c.Set["smore.width"]));
    }

    /// <summary>Random forests of cells: what a cell ends with is what a walk to its root finds first.</summary>
    [Fact]
    public void Whatever_the_order_of_cells_the_nearest_ancestor_that_sets_an_option_wins() =>
        Gen.Select(Gen.Int[-1, 7], Gen.Int[0, 4].Array[3]).Array[8].Sample(drawn =>
        {
            int[] parents = [.. drawn.Select((d, i) => d.Item1 < i ? d.Item1 : -1)];
            string[] options = ["selfsr.iterations", "selfsr.batchSize", "smore.iterations"];
            int[] order = [.. Enumerable.Range(0, 8).OrderBy(i => (i * 5 + drawn[0].Item1 + 1) % 8)];
            var json = JsonSerializer.Serialize(new
            {
                name = "g", title = "g", reference = "c0",
                cells = order.Select(i =>
                {
                    var cell = new Dictionary<string, object> { ["name"] = $"c{i}", ["title"] = $"c{i}", ["set"] = options.Zip(drawn[i].Item2).Where(o => o.Second > 0).ToDictionary(o => o.First, o => o.Second) };
                    if (parents[i] >= 0) cell["extends"] = $"c{parents[i]}";
                    return cell;
                }),
            });
            var grid = GridFile.Parse("drawn", json);
            foreach (var cell in grid.Cells)
            {
                foreach (var (option, k) in options.Select((o, k) => (o, k)))
                {
                    int at = cell.Name[1] - '0';
                    while (at >= 0 && drawn[at].Item2[k] == 0) at = parents[at];
                    Assert.Equal(at < 0 ? null : $"{drawn[at].Item2[k]}", cell.Set.GetValueOrDefault(option));
                }
            }
        }, iter: 300);

    [Fact]
    public void What_is_neither_built_in_nor_a_file_is_refused()
    {
        string Message(string name) => Assert.Throws<UsageException>(() => GridFile.Load(name)).Message;
        Assert.Contains("table2, table3, table4, table5, table6", Message("table7"), StringComparison.Ordinal);
        Assert.Contains("this is a folder", Message(_folder.Root), StringComparison.Ordinal);
        Assert.Contains("--grid is empty", Message(""), StringComparison.Ordinal);
        File.WriteAllBytes(_folder["latin.json"], [.. "{ \"name\": \""u8, 0xE4, .. "\" }"u8]);
        Assert.Contains("UTF-8", Message(_folder["latin.json"]), StringComparison.Ordinal);
        File.WriteAllText(_folder["large.json"], new string(' ', (1 << 20) + 1));
        Assert.Contains("1048576 bytes", Message(_folder["large.json"]), StringComparison.Ordinal);
        File.WriteAllText(_folder["broken.json"], "{\n  \"name\": \"x\",\n  \"title\": y }");
        Assert.Contains("broken.json, line 3, byte 12: this is not JSON ('y' is an invalid", Message(_folder["broken.json"]), StringComparison.Ordinal);
        File.WriteAllText(_folder["empty.json"], "");
        Assert.Contains("line 1", Message(_folder["empty.json"]), StringComparison.Ordinal);
        File.WriteAllText(_folder["deep.json"], new string('[', 5000));
        Assert.Contains("this is not JSON", Message(_folder["deep.json"]), StringComparison.Ordinal);
        File.WriteAllText(_folder["bom.json"], """{ "name": "x", "title": "x", "reference": "a", "cells": [{ "name": "a", "title": "a" }] }""", new UTF8Encoding(true));
        Assert.Equal("x", GridFile.Load(_folder["bom.json"]).Name);
    }

    [Fact]
    public void The_merged_grid_survives_experiment_json()
    {
        foreach (string name in GridFile.BuiltIn)
        {
            var grid = GridFile.Load(name);
            string json = JsonSerializer.Serialize(grid, ToolConsole.JsonForm);
            Assert.DoesNotContain("built-in grid", json, StringComparison.Ordinal);
            Assert.Contains(name == "table2" ? "\"task\": \"SuperResolution\"" : "\"task\": \"Segmentation\"", json, StringComparison.Ordinal);
            Assert.Equal(json, JsonSerializer.Serialize(JsonSerializer.Deserialize<ExperimentGrid>(json, ToolConsole.JsonForm), ToolConsole.JsonForm));
        }
    }
}
