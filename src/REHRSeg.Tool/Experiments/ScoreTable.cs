using System.Globalization;
using System.Text;
using REHRSeg.Imaging;
using Spectre.Console;

namespace REHRSeg.Tool;

/// <summary>One method's score on one case: the mean over foreground classes where there are several.</summary>
internal sealed record MethodScore(string Method, string Case, string Measure, double Value);

/// <summary>A measure of one method over the cases.</summary>
/// <param name="Method">Name of the method.</param>
/// <param name="Measure">PSNR, SSIM, DSC or HD95.</param>
/// <param name="Mean">Over cases with a finite value.</param>
/// <param name="Sd">Standard deviation over cases (n - 1).</param>
/// <param name="Cases">Cases with a finite value.</param>
internal sealed record MethodMean(string Method, string Measure, double Mean, double Sd, int Cases);

/// <summary>Paired Wilcoxon test of two methods in one measure.</summary>
/// <param name="Method">The method that is asked about.</param>
/// <param name="Against">The one it is compared with.</param>
/// <param name="Measure">PSNR, SSIM, DSC or HD95.</param>
/// <param name="Difference">Mean of Method minus Against over common cases.</param>
/// <param name="Better">Cases where Method is better (lower for HD95).</param>
/// <param name="Cases">Common cases.</param>
/// <param name="PValue">Two-sided.</param>
internal sealed record Comparison(string Method, string Against, string Measure, double Difference, int Better, int Cases, double PValue);

/// <summary>Methods by measures: means over cases, and paired tests.</summary>
internal sealed record ScoreTable(IReadOnlyList<MethodMean> Means, IReadOnlyList<Comparison> Comparisons)
{
    /// <param name="scores">All scores, methods in the order of the table.</param>
    /// <param name="pairs">Methods to compare.</param>
    public static ScoreTable Of(IReadOnlyList<MethodScore> scores, IEnumerable<(string Method, string Against)> pairs)
    {
        var means = scores.GroupBy(s => (s.Method, s.Measure)).Select(g =>
        {
            double[] values = [.. g.Select(s => s.Value).Where(double.IsFinite)];
            double mean = values.Length > 0 ? values.Average() : double.NaN;
            return new MethodMean(g.Key.Method, g.Key.Measure, mean, values.Length > 1 ? Math.Sqrt(values.Sum(v => (v - mean) * (v - mean)) / (values.Length - 1)) : double.NaN, values.Length);
        }).ToArray();
        var measures = scores.Select(s => s.Measure).Distinct().ToArray();
        return new(means, [.. pairs.SelectMany(p => measures.Select(m => Compare(scores, p.Method, p.Against, m))).OfType<Comparison>()]);
    }

    /// <summary>As a Markdown document.</summary>
    public string ToMarkdown()
    {
        var text = new StringBuilder();
        var measures = Means.Select(m => m.Measure).Distinct().ToArray();
        text.AppendLine($"| method | {string.Join(" | ", measures)} |").AppendLine($"|---|{string.Concat(measures.Select(_ => "---|"))}");
        foreach (var method in Means.GroupBy(m => m.Method)) text.AppendLine($"| {method.Key} | {string.Join(" | ", measures.Select(m => Cell(method, m)))} |");
        text.AppendLine().AppendLine("| paired Wilcoxon | measure | difference | better in | p |").AppendLine("|---|---|---|---|---|");
        foreach (var c in Comparisons) text.AppendLine($"| {c.Method} against {c.Against} | {c.Measure} | {Signed(c)} | {c.Better} of {c.Cases} | {P(c.PValue)} |");
        return text.ToString();
    }

    /// <summary>For the console.</summary>
    public Table ToConsole()
    {
        var measures = Means.Select(m => m.Measure).Distinct().ToArray();
        var table = new Table().Border(TableBorder.Simple).AddColumns(["method", .. measures]);
        foreach (var method in Means.GroupBy(m => m.Method)) table.AddRow([Markup.Escape(method.Key), .. measures.Select(m => Cell(method, m))]);
        table.AddEmptyRow();
        foreach (var pair in Comparisons.GroupBy(c => (c.Method, c.Against)))
            table.AddRow([Markup.Escape($"{pair.Key.Method} - {pair.Key.Against}"), .. measures.Select(m => pair.FirstOrDefault(c => c.Measure == m) is { } c ? $"{Signed(c)} (p {P(c.PValue)})" : "")]);
        return table;
    }

    static Comparison? Compare(IReadOnlyList<MethodScore> scores, string method, string against, string measure)
    {
        Dictionary<string, double> Of(string name) => scores.Where(s => s.Method == name && s.Measure == measure && double.IsFinite(s.Value)).ToDictionary(s => s.Case, s => s.Value);
        var (mine, theirs) = (Of(method), Of(against));
        string[] common = [.. mine.Keys.Where(theirs.ContainsKey).Order(StringComparer.Ordinal)];
        if (common.Length == 0) return null;
        double[] a = [.. common.Select(c => mine[c])], b = [.. common.Select(c => theirs[c])];
        int better = a.Zip(b).Count(p => measure == "HD95" ? p.First < p.Second : p.First > p.Second);
        return new(method, against, measure, a.Average() - b.Average(), better, common.Length, WilcoxonSignedRank.Test(a, b).PValue);
    }

    static string Cell(IEnumerable<MethodMean> method, string measure) =>
        method.FirstOrDefault(m => m.Measure == measure) is { } m ? $"{Number(m.Mean, measure)} ± {Number(m.Sd, measure)}" : "";

    static string Signed(Comparison c) => (c.Difference >= 0 ? "+" : "") + Number(c.Difference, c.Measure);

    static string Number(double value, string measure) => !double.IsFinite(value) ? "-" : value.ToString(measure == "PSNR" ? "0.00" : "0.0000", CultureInfo.InvariantCulture);

    static string P(double p) => p.ToString(p < 0.001 ? "0.#e-0" : "0.000", CultureInfo.InvariantCulture);
}
