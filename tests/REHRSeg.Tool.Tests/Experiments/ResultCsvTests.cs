using CsCheck;
using REHRSeg.Imaging;
using static REHRSeg.Tool.Tests.ResultRecords;

namespace REHRSeg.Tool.Tests;

public sealed class ResultCsvTests : IDisposable
{
    readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    string Text(string content)
    {
        File.WriteAllText(_folder["results.csv"], content);
        return _folder["results.csv"];
    }

    string Refused(string content, ExperimentGrid? grid = null, string? dataset = null) => Assert.Throws<DatasetException>(() => ResultCsv.Read(Text(content), grid, dataset)).Message;

    [Fact]
    public void Units_become_rows_in_the_order_of_the_table_with_means_first()
    {
        var grid = Grid(["b", "a"], "a");
        UnitScore[] Scores(double dice) => [new("LR", "Anterior", "DSC", dice), new("LR", "Posterior", "DSC", 0.5), new("LR", "mean", "DSC", dice / 2), new("HR", "mean", "HD95", double.PositiveInfinity), new("HR", "Anterior", "reference volume", 12.5), new("LR", "mean", "volume", double.NaN)];
        var rows = ResultRows.FromUnits(grid, "hash",
        [
            Unit("a", 1, "hash", Case("y", Scores(0.25)), Case("x, or \"z\"", [new("LR", "mean", "DSC", 0.1)])),
            Unit("b", 1, "hash", Case("y", Scores(0.75))), Unit("b", 0, "hash", Case("w", Scores(1d / 3))),
        ]);
        ResultCsv.Write(_folder["results.csv"], rows);
        Assert.Equal(""""
            dataset,cell,fold,seed,case,LR DSC,LR volume,HR HD95,LR DSC Anterior,LR DSC Posterior,HR reference volume Anterior
            hash,b,0,1,w,0.16666666666666666,NaN,Infinity,0.3333333333333333,0.5,12.5
            hash,b,1,1,y,0.375,NaN,Infinity,0.75,0.5,12.5
            hash,a,1,1,"x, or ""z""",0.1,,,,,
            hash,a,1,1,y,0.125,NaN,Infinity,0.25,0.5,12.5

            """".ReplaceLineEndings("\n"), File.ReadAllText(_folder["results.csv"]));
        Same(rows, ResultCsv.Read(_folder["results.csv"], grid, "hash"));
    }

    [Fact]
    public void Every_row_comes_back_as_it_was()
    {
        var text = Gen.Char["ab,;\"' \n\tä\\"].Array[1, 6].Select(c => new string(c));
        double[] special = [double.NaN, double.PositiveInfinity, double.NegativeInfinity, 0, -0.0, double.Epsilon, double.MaxValue, 0.1 + 0.2];
        var value = Gen.OneOf(Gen.Double, Gen.Int[0, special.Length - 1].Select(i => special[i]));
        var column = Gen.OneOf(text, Gen.Bool.Select(b => b ? "LR DSC" : "HR HD95 Anterior"));
        Gen.Select(text, text, Gen.Int, Gen.Int, Gen.Select(column, value).Array[0, 4]).Array[1, 8].Sample(drawn =>
        {
            ResultRow[] rows = [.. drawn.Select((d, i) => new ResultRow("ha,sh", d.Item1, d.Item3, d.Item4, $"{i}{d.Item2}", d.Item5.DistinctBy(v => v.Item1).ToDictionary(v => v.Item1, v => v.Item2)))];
            string file = _folder[$"{Guid.NewGuid():N}.csv"];
            ResultCsv.Write(file, rows);
            Same(rows, ResultCsv.Read(file, null, "ha,sh"));
        }, iter: 300);
    }

    static void Same(IReadOnlyList<ResultRow> expected, IReadOnlyList<ResultRow> actual)
    {
        Assert.Equal(expected.Select(r => r with { Values = null! }), actual.Select(r => r with { Values = null! }));
        foreach (var (e, a) in expected.Zip(actual))
            Assert.Equal(e.Values.OrderBy(v => v.Key, StringComparer.Ordinal).Select(v => (v.Key, BitConverter.DoubleToInt64Bits(v.Value))), a.Values.OrderBy(v => v.Key, StringComparer.Ordinal).Select(v => (v.Key, BitConverter.DoubleToInt64Bits(v.Value))));
    }

    [Fact]
    public void A_unit_of_another_dataset_is_refused_with_both_hashes()
    {
        var message = Assert.Throws<DatasetException>(() => ResultRows.FromUnits(Grid(["a"], "a"), "hash", [Unit("a", 3, "other")])).Message;
        foreach (string word in (string[])["cell a, fold 3", "dataset other", "of hash", Path.Combine("cells", "a", "fold_3"), "--out"]) Assert.Contains(word, message, StringComparison.Ordinal);
    }

    [Fact]
    public void Units_that_contradict_each_other_are_refused()
    {
        var grid = Grid(["a"], "a");
        string Message(params UnitResult[] units) => Assert.Throws<DatasetException>(() => ResultRows.FromUnits(grid, "hash", units)).Message;
        Assert.Contains("belongs to no cell of mine.json; its cells are a", Message(Unit("z", 0)), StringComparison.Ordinal);
        Assert.Contains("holds case x of seed 1 twice", Message(Unit("a", 0, "hash", Case("x")), Unit("a", 0, "hash", Case("x"))), StringComparison.Ordinal);
        Assert.Contains("has LR DSC twice", Message(Unit("a", 0, "hash", Case("x", new("LR", "mean", "DSC", 1), new("LR", "mean", "DSC", 0.5)))), StringComparison.Ordinal);
    }

    const string Header = "dataset,cell,fold,seed,case,LR DSC\n";

    [Fact]
    public void Damaged_files_are_refused_with_file_and_line()
    {
        var grid = Grid(["a", "b"], "a");
        Assert.Contains("results.csv is empty", Refused(""), StringComparison.Ordinal);
        Assert.Contains("line 1: the header starts with 'cell,fold'; it must start with 'dataset,cell,fold,seed,case'", Refused("cell,fold\n"), StringComparison.Ordinal);
        Assert.Contains("line 1: column 'LR DSC' is there twice", Refused("dataset,cell,fold,seed,case,LR DSC,LR DSC\n"), StringComparison.Ordinal);
        Assert.Contains("line 1: column 6 has no name", Refused("dataset,cell,fold,seed,case,\n"), StringComparison.Ordinal);
        Assert.Contains("results.csv, line 3: there are 5 columns, the header has 6", Refused(Header + "h,a,0,1,x,0.5\nh,a,0,1,y\n"), StringComparison.Ordinal);
        Assert.Contains("results.csv, line 4: there are 7 columns, the header has 6", Refused(Header + "h,a,0,1,x,0.5\n\nh,a,0,1,y,0,5\n"), StringComparison.Ordinal);
        Assert.Contains("line 2: LR DSC is '0.5x'; it must be a number, NaN, Infinity", Refused(Header + "h,a,0,1,x,0.5x\n"), StringComparison.Ordinal);
        Assert.Contains("line 2: LR DSC is '0,5'", Refused(Header + "h,a,0,1,x,\"0,5\"\n"), StringComparison.Ordinal);
        Assert.Contains("line 2: fold is '0.5'; it must be a whole number", Refused(Header + "h,a,0.5,1,x,1\n"), StringComparison.Ordinal);
        Assert.Contains("line 2: seed is ''", Refused(Header + "h,a,0,,x,1\n"), StringComparison.Ordinal);
        Assert.Contains("line 2: the case has no name", Refused(Header + "h,a,0,1,,1\n"), StringComparison.Ordinal);
        Assert.Contains("line 3: cell a, fold 0, seed 1, case x is in line 2 already", Refused(Header + "h,a,0,1,x,1\nh,a,0,1,x,2\n"), StringComparison.Ordinal);
        Assert.Contains("line 3: the row is of the dataset k, the experiment of h", Refused(Header + "h,a,0,1,x,1\nk,a,0,1,y,2\n"), StringComparison.Ordinal);
        Assert.Contains("line 2: the row is of the dataset h, the experiment of k", Refused(Header + "h,a,0,1,x,1\n", grid, "k"), StringComparison.Ordinal);
        Assert.Contains("line 3: there is no cell 'c' in mine.json; its cells are a, b", Refused(Header + "h,a,0,1,x,1\nh,c,0,1,y,2\n", grid), StringComparison.Ordinal);
        Assert.Contains("line 3: there are 5 columns", Refused(Header + "h,a,0,1,x,1\nh,a,0,1,\"y,2\n"), StringComparison.Ordinal); // a quote that does not end
        Assert.Contains("does not exist", Assert.Throws<DatasetException>(() => ResultCsv.Read(_folder["none.csv"])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Any_text_is_read_or_refused_clearly()
    {
        int read = 0;
        Gen.Select(Gen.Bool, Gen.Char["ha01x.,,,,,\"\"\n\r é\0-N"].Array[0, 60]).Sample((header, text) =>
        {
            string file = _folder[$"{Guid.NewGuid():N}.csv"];
            File.WriteAllText(file, (header ? Header + "h,a,0,1,x,0.5\n" : "") + new string(text));
            try
            {
                Interlocked.Add(ref read, ResultCsv.Read(file).Count > 0 ? 1 : 0);
            }
            catch (DatasetException e)
            {
                Assert.StartsWith(file, e.Message, StringComparison.Ordinal);
            }
        }, iter: 2000);
        Assert.True(read > 5, $"{read} read");
    }

    [Fact]
    public void Files_of_other_programs_are_read()
    {
        var rows = ResultCsv.Read(Text("\uFEFFdataset,cell,fold,seed,case,LR DSC,\"HR \"\"x\"\"\"\r\nh,a,0,1,x,1e-3,\r\nh,a,1,1,x,NaN,-Infinity"));
        Assert.Equal(2, rows.Count);
        Assert.Equal([("LR DSC", 1e-3)], rows[0].Values.Select(v => (v.Key, v.Value)));
        Assert.Equal([("LR DSC", double.NaN), ("HR \"x\"", double.NegativeInfinity)], rows[1].Values.Select(v => (v.Key, v.Value)));
    }

    [Fact]
    public void A_failed_write_leaves_the_old_file()
    {
        ResultCsv.Write(_folder["results.csv"], [Row("a", "x", 1)]);
        string before = File.ReadAllText(_folder["results.csv"]);
        Assert.Throws<IOException>(() => ResultCsv.Write(_folder["results.csv", "below.csv"], [Row("a", "x", 2)]));
        Assert.Equal(before, File.ReadAllText(_folder["results.csv"]));
        Assert.Single(Directory.GetFiles(_folder.Root));
    }
}
