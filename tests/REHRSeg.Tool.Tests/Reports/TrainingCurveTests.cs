using REHRSeg.Imaging;

namespace REHRSeg.Tool.Tests;

public sealed class TrainingCurveTests
{
    static string Write(TemporaryFolder folder, string text)
    {
        File.WriteAllText(folder["training.jsonl"], text);
        return folder["training.jsonl"];
    }

    [Fact]
    public void Stages_and_measures_in_the_order_of_the_file()
    {
        using var folder = new TemporaryFolder();
        string file = Write(folder, """
            {"stage":"self-sr 1a","iteration":3,"loss":1.9,"l1":0.05,"lr":4e-05,"seconds":1.1}
            {"stage":"self-sr 1a","iteration":11,"loss":null,"l1":0.04,"lr":4e-05,"seconds":2.1}
            {"stage":"nnunet","iteration":8,"loss":-0.25,"data_wait":0.01,"lr":0.01,"seconds":1}
            {"stage":"nnunet","iteration":8,"val_dice":0.5,"lr":0.01,"seconds":1}

            """);
        var curves = TrainingCurve.Read(file, "cell", 2);
        Assert.Equal(["self-sr 1a", "nnunet"], curves.Select(c => c.Stage));
        Assert.All(curves, c => Assert.Equal(("cell", 2), (c.Name, c.Fold)));
        Assert.Equal(["loss", "l1", "lr"], curves[0].Points.Keys);
        Assert.Equal([new(3, 1.9)], curves[0].Points["loss"]);
        Assert.Equal([new(3, 0.05), new(11, 0.04)], curves[0].Points["l1"]);
        Assert.Equal([new(8, 0.5)], curves[1].Points["val_dice"]);
    }

    [Fact]
    public void A_last_line_cut_short_by_a_kill_is_left_out()
    {
        using var folder = new TemporaryFolder();
        var curves = TrainingCurve.Read(Write(folder, "{\"stage\":\"s\",\"iteration\":1,\"loss\":2}\n{\"stage\":\"s\",\"itera"), "cell", null);
        Assert.Equal([new(1, 2)], Assert.Single(curves).Points["loss"]);
    }

    [Theory]
    [InlineData("{\"stage\":\"s\",\"itera")]
    [InlineData("{\"iteration\":1,\"loss\":2}")]
    [InlineData("{\"stage\":\"s\",\"iteration\":\"x\"}")]
    [InlineData("{\"stage\":7,\"iteration\":1}")]
    [InlineData("{\"stage\":null,\"iteration\":1}")]
    [InlineData("{\"stage\":\"s\",\"iteration\":1.5}")]
    [InlineData("[]")]
    public void A_damaged_line_before_the_last_is_named(string line)
    {
        using var folder = new TemporaryFolder();
        string file = Write(folder, $"{{\"stage\":\"s\",\"iteration\":1,\"loss\":2}}\n{line}\n{{\"stage\":\"s\",\"iteration\":3,\"loss\":1}}\n");
        var e = Assert.Throws<DatasetException>(() => TrainingCurve.Read(file, "cell", null));
        Assert.StartsWith($"{file}, line 2 ", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void No_file_no_curve() => Assert.Empty(TrainingCurve.Read("/nowhere/training.jsonl", "cell", null));

    [Fact]
    public void Long_trainings_are_averaged_in_runs()
    {
        using var folder = new TemporaryFolder();
        var points = Assert.Single(TrainingCurve.Read(Write(folder, string.Concat(Enumerable.Range(0, 1000).Select(i => $"{{\"stage\":\"s\",\"iteration\":{i},\"loss\":{2 * i}}}\n"))), "cell", null)).Points["loss"];
        Assert.InRange(points.Count, 60, 120);
        Assert.Equal(999, points.Average(p => p.Value), 20.0);
        Assert.All(points, p => Assert.Equal(2 * p.Iteration, p.Value, 1.01));
    }
}
