using REHRSeg.Imaging;
using Spectre.Console;
using static REHRSeg.Tool.Tests.ResultRecords;

namespace REHRSeg.Tool.Tests;

public sealed class ResultTablesTests
{
    static readonly ExperimentGrid s_grid = Grid(["plain", "ours", "later"], "ours", new("ours", "plain", "HR", "HD95", "paper, Table 9"), new("plain", "ours", "LR", "DSC", "me"), new("later", "ours", "HR", "HD95", "me")) with
    {
        Title = "50 % of A_B & C | D",
        Cells = [new() { Name = "plain", Title = "nnU-Net* | <b>" }, new() { Name = "ours", Title = "REHRSeg (λ = 1_0) 50% & #1 {$x$} ~^\\" }, new() { Name = "later", Title = "Not yet" }],
    };

    static readonly ResultRow[] s_rows =
    [
        .. Enumerable.Range(0, 12).Select(i => new ResultRow("hash", "plain", i % 2, 1, $"case{i}", new Dictionary<string, double> { ["HR HD95"] = i == 3 ? double.PositiveInfinity : 5 + 0.25 * i })),
        .. Enumerable.Range(0, 12).Select(i => new ResultRow("hash", "ours", i % 2, 1, $"case{i}", new Dictionary<string, double> { ["HR HD95"] = 4 + 0.125 * i, ["LR DSC"] = 0.75 })),
    ];

    static ExperimentStatistics Statistics => ExperimentAnalysis.Of(s_grid, s_rows);

    [Fact]
    public void Markdown_says_means_comparisons_and_verdicts()
    {
        string text = ExperimentTables.Markdown(Description(s_grid), Statistics), ours = @"REHRSeg (λ = 1\_0) 50% & #1 {$x$} ~^\\";
        string[] lines = text.Split('\n');
        Assert.Equal("# 50 % of A_B & C | D", lines[0]);
        Assert.Contains("12 cases, folds 0, 1 of 5, seed 1; dataset Task04_Hippocampus (0123456789ab), r = 4 along y; preset cpu; rehrseg 1.2.3.", lines);
        Assert.Contains("|  | cases | LR DSC | HR HD95 |", lines);
        Assert.Contains(lines, l => l.StartsWith(@"| nnU-Net\* \| \<b> | 12 |  | 6.43 ± 0.92 [", StringComparison.Ordinal) && l.EndsWith("(1 left out) |", StringComparison.Ordinal));
        Assert.Contains(lines, l => l.StartsWith($"| {ours} † | 12 | **0.7500 ± 0.0000** [0.7500, 0.7500] | **4.69 ± 0.45** [", StringComparison.Ordinal));
        Assert.Contains("| Not yet | not run |  |  |", lines);
        Assert.Contains(lines, l => l.StartsWith(@"| nnU-Net\* \| \<b> | HR HD95 | +1.72 [", StringComparison.Ordinal) && l.EndsWith("] | 0 of 11 (1 left out) | 9.8e-4 | 9.8e-4 |", StringComparison.Ordinal));
        Assert.Contains($@"| {ours} better than nnU-Net\* \| \<b> | HR HD95 | paper, Table 9 | -1.72 | 11 (1 left out) | 9.8e-4 | 9.8e-4 | yes |", lines);
        Assert.Contains($@"| nnU-Net\* \| \<b> better than {ours} | LR DSC | me |  | 0 |  |  | not run |", lines);
        Assert.Contains("3 orderings: 1 yes, 0 no, 0 not significant, 2 not run. Yes or no", text, StringComparison.Ordinal);
        Assert.DoesNotContain("\r", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_row_of_a_Markdown_table_has_as_many_columns_as_its_header()
    {
        int columns = 0;
        foreach (string line in ExperimentTables.Markdown(Description(s_grid), Statistics).Split('\n'))
        {
            int bars = System.Text.RegularExpressions.Regex.Count(line, @"(?<!\\)(\\\\)*\|");
            if (!line.StartsWith('|')) columns = 0;
            else if (columns == 0) columns = bars;
            else Assert.Equal(columns, bars);
        }
    }

    [Fact]
    public void Latex_escapes_what_has_a_meaning_there()
    {
        string text = ExperimentTables.Latex(Description(s_grid), Statistics);
        Assert.Contains(@"REHRSeg ($\lambda$ = 1\_0) 50\% \& \#1 \{\$x\$\} \textasciitilde{}\textasciicircum{}\textbackslash{}", text, StringComparison.Ordinal);
        Assert.Contains(@"\textbf{4.69 $\pm$ 0.45}\\{\scriptsize {[}", text, StringComparison.Ordinal);
        Assert.Contains(@"50 \% of A\_B \& C $|$ D", text, StringComparison.Ordinal);
        foreach (string part in (string[])[@"\toprule", @"\midrule", @"\bottomrule", @"\begin{tabular}{llll}", @"\begin{longtable}{llllll}", @"\begin{longtable}{llllllll}"]) Assert.Contains(part, text, StringComparison.Ordinal);
        foreach (char brace in "{}") Assert.Equal(Unescaped(text, '{'), Unescaped(text, brace));
        Assert.Equal(System.Text.RegularExpressions.Regex.Count(text, @"\\begin\{"), System.Text.RegularExpressions.Regex.Count(text, @"\\end\{"));
    }

    /// <summary>tables.tex went through pdfTeX without an error (tests/oracles/statistics/compile.sh).</summary>
    [Fact]
    public void Latex_is_what_was_compiled() =>
        Assert.Equal(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "oracles", "statistics", "tables.tex")), ExperimentTables.Latex(Description(s_grid), Statistics));

    static int Unescaped(string text, char c) => System.Text.RegularExpressions.Regex.Count(text, $@"(?<!\\)(\\\\)*\{c}");

    [Fact]
    public void The_console_shows_means_and_differences()
    {
        using var output = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(output), Ansi = AnsiSupport.No });
        console.Profile.Width = 200;
        console.Write(ExperimentTables.Console(s_grid, Statistics));
        string text = output.ToString();
        Assert.Contains("4.69 ± 0.45", text, StringComparison.Ordinal);
        Assert.Contains("+1.72 (p 9.8e-4)", text, StringComparison.Ordinal);
        Assert.Contains("not run", text, StringComparison.Ordinal);
    }

    [Fact]
    public void An_experiment_of_which_nothing_has_run_says_so()
    {
        string text = ExperimentTables.Markdown(Description(s_grid), ExperimentAnalysis.Of(s_grid, []));
        Assert.Contains("| Not yet | not run |", text, StringComparison.Ordinal);
        Assert.Contains("0 cases, no folds", text, StringComparison.Ordinal);
        Assert.Contains("3 orderings: 0 yes, 0 no, 0 not significant, 3 not run", text, StringComparison.Ordinal);
        Assert.Contains(@"\bottomrule", ExperimentTables.Latex(Description(s_grid), ExperimentAnalysis.Of(s_grid, [])), StringComparison.Ordinal);
    }

    [Fact]
    public void Ties_for_the_best_are_both_bold()
    {
        var grid = Grid(["a", "b", "c"], "a");
        string text = ExperimentTables.Markdown(Description(grid), ExperimentAnalysis.Of(grid, [Row("a", "x", 0.5), Row("b", "x", 0.5), Row("c", "x", 0.25)]));
        Assert.Contains("| A † | 1 | **0.5000 ± -** |", text, StringComparison.Ordinal);
        Assert.Contains("| B | 1 | **0.5000 ± -** |", text, StringComparison.Ordinal);
        Assert.Contains("| C | 1 | 0.2500 ± - |", text, StringComparison.Ordinal);
    }
}
