using System.Text.Json;
using System.Text.Json.Nodes;
using CsCheck;
using Json.Schema;

namespace REHRSeg.Tool.Tests;

/// <summary>The published schema, evaluated by JsonSchema.Net, and the parser say the same.</summary>
public sealed class GridSchemaTests
{
    static readonly JsonSchema s_schema = JsonSchema.FromText(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "grid.schema.json")));

    static bool SchemaAccepts(JsonNode? json) => s_schema.Evaluate(JsonSerializer.SerializeToElement(json)).IsValid;

    static string BuiltIn(string name)
    {
        using var reader = new StreamReader(typeof(GridFile).Assembly.GetManifestResourceStream($"grids/{name}.json")!);
        return reader.ReadToEnd();
    }

    [Fact]
    public void Built_in_grids_follow_the_schema()
    {
        foreach (string name in GridFile.BuiltIn)
        {
            Assert.True(SchemaAccepts(JsonNode.Parse(BuiltIn(name))), name);
            Assert.Equal(name, GridFile.Load(name).Name);
        }
    }

    const string Cell = """{ "name": "a", "title": "A" }""";

    static string Grid(string cells = Cell, string more = "") => $$"""{ "name": "g", "title": "G", "reference": "a", "cells": [{{cells}}]{{more}} }""";

    static string Ordering(string better = "a", string than = "b", string grid = "LR", string measure = "DSC") =>
        Grid($$"""{{Cell}}, { "name": "b", "title": "B" }""", $$""", "orderings": [{ "better": "{{better}}", "than": "{{than}}", "grid": "{{grid}}", "measure": "{{measure}}", "source": "me" }]""");

    /// <summary>Grid, whether its shape is to blame (then the schema refuses it, too), and what the parser says.</summary>
    public static TheoryData<string, bool, string> Bad => new()
    {
        { "[]", true, "g.json: $ is []; it must be an object." },
        { """{ "title": "G", "reference": "a", "cells": [] }""", true, "$.cells has 0 cells; it must have 1 to 256." },
        { """{ "title": "G", "reference": "a", "cells": [{ "name": "a", "title": "A" }] }""", true, "g.json: $ has no \"name\"." },
        { Grid(more: ", \"color\": 3"), true, "$.color is not a property of this object; it has $schema, name, title, preset" },
        { Grid(more: ", \"preset\": \"huge\""), true, "$.preset is \"huge\"; it must be one of tiny, demo, cpu, paper." },
        { Grid(more: ", \"set\": []"), true, "$.set is []; it must be an object." },
        { Grid(more: ", \"set\": { \"selfsr.width\": [1] }"), true, "$.set.\"selfsr.width\" is [1]; it must be a number, a boolean, a string or null." },
        { Grid(more: ", \"set\": { \"other.width\": 1 }"), true, "g.json: $.set other.width=1: 'other' is not a stage; use selfsr, smore, segmentation or frames." },
        { Grid(more: ", \"set\": { \"width\": 1 }"), true, "write stage.option=value" },
        { Grid(more: ", \"set\": { \"selfsr.colour\": 1 }"), false, "g.json: $.set selfsr.colour=1: selfsr has no option 'colour'. Options: Accumulation" },
        { Grid(more: ", \"set\": { \"selfsr.width\": \"wide\" }"), false, "'wide' is not a Int32." },
        { Grid(more: ", \"set\": { \"selfsr.width\": 1.5 }"), false, "'1.5' is not a Int32." },
        { Grid(more: ", \"set\": { \"segmentation.distillation\": \"Strong\" }"), false, "(Structure, CorrelationOnly, Mimic" },
        { Grid(more: ", \"set\": { \"selfsr.seed\": 3 }"), false, "selfsr has no option 'seed'" },
        { Grid(more: ", \"set\": { \"selfsr.width\": 1, \"selfsr.Width\": 2 }"), false, "$.set.\"selfsr.Width\" is given twice" },
        { Grid(more: ", \"set\": { \"segmentation.method\": \"NnUNet\" }"), false, "cannot be set; give the cell's \"method\"" },
        { Grid("""{ "name": "a", "title": "A", "set": { "smore.x": 1 } }"""), false, "g.json: $.cells[0].set smore.x=1: smore has no option 'x'" },
        { Grid("3"), true, "$.cells[0] is 3; it must be an object." },
        { Grid("""{ "name": "a b", "title": "A" }"""), true, "$.cells[0].name is \"a b\"; it must be a name of 1 to 64 letters, digits and hyphens." },
        { Grid("""{ "name": "../a", "title": "A" }"""), true, "$.cells[0].name" },
        { Grid("""{ "name": "a\n", "title": "A" }"""), true, "$.cells[0].name" },
        { Grid("""{ "name": 5, "title": "A" }"""), true, "$.cells[0].name is 5" },
        { Grid("""{ "name": "a", "title": "" }"""), true, "$.cells[0].title is \"\"; it must be one line of 1 to 200 characters." },
        { Grid("""{ "name": "a", "title": "two\nlines" }"""), true, "$.cells[0].title" },
        { Grid("""{ "name": "a", "title": "A", "method": "magic" }"""), true, "$.cells[0].method is \"magic\"; it must be one of rehrseg, nnunet, nnunet2d" },
        { Grid("""{ "name": "a", "title": "A", "task": "detection" }"""), true, "it must be one of segmentation, super-resolution." },
        { Grid("""{ "name": "a", "title": "A", "method": "smore" }"""), false, "it must be one of rehrseg, nnunet, nnunet2d, nnunet-interpolated, fully-supervised." },
        { Grid("""{ "name": "a", "title": "A", "task": "super-resolution" }"""), false, "$.cells[0] has no \"method\"; with the task super-resolution it must be one of nearest, spline, spline-sdf, smore, selfsr." },
        { Grid("""{ "name": "a", "title": "A", "task": "super-resolution", "method": "rehrseg" }"""), false, "it must be one of nearest, spline" },
        { Grid("""{ "name": "a", "title": "A", "pseudo": "linear" }"""), true, "it must be one of selfsr, smore, spline, spline-sdf." },
        { Grid("""{ "name": "a", "title": "A", "pretrained": "yes" }"""), true, "$.cells[0].pretrained is \"yes\"; it must be true or false." },
        { Grid("""{ "name": "a", "title": "A", "task": "super-resolution", "method": "selfsr", "consistency": "most" }"""), true, "it must be one of none, labels, image, both." },
        { Grid("""{ "name": "a", "title": "A", "task": "super-resolution", "method": "selfsr", "ensemble": true }"""), true, "it must be one of none, mirror, full." },
        { Grid("""{ "name": "a", "title": "A", "method": "nnunet", "pretrained": true }"""), false, "$.cells[0].pretrained does not go with cell a: it trains no self-super-resolution." },
        { Grid("""{ "name": "a", "title": "A", "method": "nnunet", "pseudo": "smore" }"""), false, "method nnunet has no pseudo data" },
        { Grid("""{ "name": "a", "title": "A", "pseudo": "smore", "pretrained": true }"""), false, "it trains no self-super-resolution" },
        { Grid("""{ "name": "a", "title": "A", "consistency": "both" }"""), false, "it belongs to the task super-resolution" },
        { Grid("""{ "name": "a", "title": "A", "task": "super-resolution", "method": "spline", "ensemble": "none" }"""), false, "method spline has no network" },
        { Grid("""{ "name": "a", "title": "A", "task": "super-resolution", "method": "spline", "consistency": "both" }"""), false, "the labels of method spline are not corrected" },
        { Grid($$"""{{Cell}}, { "name": "b", "title": "B", "pretrained": true }, { "name": "c", "title": "C", "extends": "b", "method": "nnunet" }"""), false, "$.cells[1].pretrained does not go with cell c, which inherits it" },
        { Grid($$"""{{Cell}}, { "name": "A", "title": "B" }"""), false, "$.cells[1].name is \"A\", as another cell's" },
        { Grid("""{ "name": "a", "title": "A", "title": "B" }"""), false, "$.cells[0].title is given twice." },
        { Grid("""{ "name": "a", "title": "A", "colour": "red" }"""), true, "$.cells[0].colour is not a property of this object" },
        { Grid("""{ "name": "a", "title": "A", "extends": "z" }"""), false, "$.cells[0].extends is \"z\"; it must be one of a." },
        { Grid("""{ "name": "a", "title": "A", "extends": "a" }"""), false, "$.cells[0].extends closes a circle: a -> a." },
        { Grid("""{ "name": "a", "title": "A", "extends": "b" }, { "name": "b", "title": "B", "extends": "a" }"""), false, "$.cells[1].extends closes a circle: a -> b -> a." },
        { Grid("""{ "name": "c", "title": "C", "extends": "a" }, { "name": "a", "title": "A", "extends": "b" }, { "name": "b", "title": "B", "extends": "a" }"""), false, "closes a circle: a -> b -> a." },
        { Grid($$"""{{Cell}}, { "name": "b", "title": "B", "task": "super-resolution", "method": "spline" }"""), false, "$.cells[1] (b) has the task super-resolution, cell a has segmentation: a grid is one table with one task." },
        { """{ "name": "g", "title": "G", "reference": "z", "cells": [{ "name": "a", "title": "A" }] }""", false, "$.reference is \"z\"; it must be one of a." },
        { Ordering(better: "z"), false, "$.orderings[0].better is \"z\"; it must be one of a, b." },
        { Ordering(than: "a"), false, "$.orderings[0] compares cell a with itself." },
        { Ordering(grid: "MR"), true, "$.orderings[0].grid is \"MR\"; it must be one of LR, HR." },
        { Ordering(measure: "IoU"), true, "$.orderings[0].measure is \"IoU\"; it must be one of DSC, HD95." },
        { Ordering(measure: "PSNR"), false, "$.orderings[0].measure is \"PSNR\"; it must be one of DSC, HD95." },
        { Grid(more: ", \"orderings\": [{}]"), true, "$.orderings[0] has no \"better\"." },
        { Grid($$"""{ "name": "a", "title": "A", "task": "super-resolution", "method": "spline" }, { "name": "b", "title": "B", "extends": "a" }""", """, "orderings": [{ "better": "a", "than": "b", "grid": "LR", "measure": "DSC", "source": "me" }]"""), false, "$.orderings[0].grid is \"LR\"; it must be one of HR." },
        { Grid($$"""{{Cell}}, { "name": "b", "title": "B" }""", """, "orderings": [{ "better": "a", "than": "b", "grid": "HR", "measure": "DSC", "source": "me" }, { "better": "a", "than": "b", "grid": "HR", "measure": "DSC", "source": "you" }]"""), false, "$.orderings[1] is given twice." },
        { Grid("""{ "name": "a", "title": "\ud800" }"""), false, "$.cells[0].title is not valid Unicode text." },
    };

    [Theory]
    [MemberData(nameof(Bad))]
    public void Bad_grids_are_refused_by_the_parser_and_where_their_shape_is_to_blame_by_the_schema(string json, bool shape, string message)
    {
        var refusal = Assert.Throws<UsageException>(() => GridFile.Parse("g.json", json));
        Assert.StartsWith("g.json: $", refusal.Message, StringComparison.Ordinal);
        Assert.Contains(message, refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refusal.Message);
        if (!json.Contains("\"title\": \"A\", \"title\"", StringComparison.Ordinal) && !json.Contains("\\ud800", StringComparison.Ordinal)) Assert.Equal(!shape, SchemaAccepts(JsonNode.Parse(json)));
    }

    [Fact]
    public void The_longest_name_and_the_most_cells_are_those_of_the_schema()
    {
        void Both(string json, bool good)
        {
            Assert.Equal(good, SchemaAccepts(JsonNode.Parse(json)));
            if (good) GridFile.Parse("g.json", json);
            else Assert.Throws<UsageException>(() => GridFile.Parse("g.json", json));
        }
        string Cells(int count) => string.Join(", ", Enumerable.Range(0, count).Select(i => $$"""{ "name": "{{(i == 0 ? "a" : $"a{i}")}}", "title": "A" }"""));
        Both(Grid(Cells(256)), true);
        Both(Grid(Cells(257)), false);
        string Named(int letters) => Grid($$"""{{Cell}}, { "name": "{{new string('b', letters)}}", "title": "B" }""");
        Both(Named(64), true);
        Both(Named(65), false);
        string Titled(int letters) => Grid($$"""{ "name": "a", "title": "{{new string('λ', letters)}}" }""");
        Both(Titled(200), true);
        Both(Titled(201), false);
    }

    /// <summary>Built-in grids with values replaced, added and removed at random.</summary>
    [Fact]
    public void What_the_parser_accepts_the_schema_accepts_and_every_refusal_is_a_clear_one()
    {
        JsonNode?[] values = ["rehrseg", "selfsr", "a", "", "LR", "DSC", "none", "super-resolution", 1, -2.5, true, null, new JsonArray(), new JsonObject(), new JsonObject { ["selfsr.width"] = 16 }, "pretrained", "spline"];
        string[] names = ["name", "title", "extends", "task", "method", "pseudo", "pretrained", "consistency", "ensemble", "set", "preset", "segmentation.useUncertainty", "frames.iterations", "other"];
        int accepted = 0, refused = 0;
        Gen.Select(Gen.Int[0, GridFile.BuiltIn.Count - 1], Gen.Select(Gen.Int[0, 10_000], Gen.Int[0, 3], Gen.Int[0, values.Length - 1], Gen.Int[0, names.Length - 1]).Array[1, 3]).Sample(drawn =>
        {
            var json = JsonNode.Parse(BuiltIn(GridFile.BuiltIn[drawn.Item1]))!;
            foreach (var (place, kind, value, name) in drawn.Item2)
            {
                JsonNode[] nodes = [.. Descendants(json).Where(n => n.Parent is not null)];
                var node = nodes[place % nodes.Length];
                if (kind == 0 && node is JsonObject extended) extended[names[name]] = values[value]?.DeepClone();
                else if (node.Parent is JsonObject owner)
                {
                    if (kind == 1) owner.Remove(node.GetPropertyName());
                    else owner[node.GetPropertyName()] = values[value]?.DeepClone();
                }
                else if (node.Parent is JsonArray array) array[node.GetElementIndex()] = values[value]?.DeepClone();
            }
            bool valid = true;
            try
            {
                GridFile.Parse("g.json", json.ToJsonString());
            }
            catch (UsageException e)
            {
                valid = false;
                Assert.StartsWith("g.json: $", e.Message, StringComparison.Ordinal);
            }
            _ = valid ? Interlocked.Increment(ref accepted) : Interlocked.Increment(ref refused);
            if (valid) Assert.True(SchemaAccepts(json), json.ToJsonString());
        }, iter: 1000);
        Assert.True(accepted > 20 && refused > 200, $"{accepted} accepted, {refused} refused");
    }

    static IEnumerable<JsonNode> Descendants(JsonNode node) => node switch
    {
        JsonObject o => o.Select(p => p.Value).OfType<JsonNode>().SelectMany(Descendants).Prepend(node),
        JsonArray a => a.OfType<JsonNode>().SelectMany(Descendants).Prepend(node),
        _ => [node],
    };
}
