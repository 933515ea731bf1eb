using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace REHRSeg.Tool.Tests;

public sealed class ReportPageTests : IClassFixture<ReportPageTests.Page>
{
    public sealed class Page : IDisposable
    {
        internal ExampleExperiment Example { get; } = new();
        internal ReportData Data { get; }
        internal string Html { get; }
        /// <summary>Without scripts, styles and comments.</summary>
        internal string Markup { get; }

        public Page()
        {
            Data = Example.Data() with
            {
                Notes = [$"A note {ExampleExperiment.Hostile}"],
                Statistics = new(
                    [.. from cell in Example.Grid.Cells from grid in new[] { "LR", "HR" } from measure in new[] { "DSC", "HD95" } select new CellSummary(cell.Name, grid, measure, measure == "DSC" ? 0.9 - 0.1 * (cell.Name[^1] - '0') : 1 + cell.Name[^1] - '0', 0.012, 0.8, 0.9, 6)],
                    [new("cell-0", "cell-1", "HR", "DSC", 0.1, 0.08, 0.12, 6, 6, 0.03, 0.04), new("cell-2", "cell-1", "HR", "DSC", -0.1, -0.3, 0.12, 1, 6, 0.3, 0.6)],
                    [
                        new(new("cell-0", "cell-1", "HR", "DSC", "paper, Table 4"), Verdict.Yes, 0.1, 6, 0.03, 0.04), new(new("cell-2", "cell-1", "HR", "HD95", "paper"), Verdict.No, 1, 6, 0.03, 0.0004),
                        new(new("cell-2", "cell-0", "LR", "DSC", "paper"), Verdict.NotSignificant, -0.2, 6, 0.1, 0.2), new(new("cell-9", "cell-0", "LR", "DSC", "paper"), Verdict.NotRun, double.NaN, 0, double.NaN, double.NaN),
                    ]),
            };
            Html = ReportPage.Write(Data, "<p id=\"of-viewer\">viewer</p>");
            Markup = Regex.Replace(Html, "<script.*?</script>|<style>.*?</style>|<!--.*?-->", "", RegexOptions.Singleline);
        }

        public void Dispose() => Example.Dispose();
    }

    readonly Page _page;

    public ReportPageTests(Page page) => _page = page;

    [Fact]
    public void Every_section_is_there_and_the_contents_lead_to_it()
    {
        string[] ids = [.. Regex.Matches(_page.Markup, "<section id=\"([^\"]+)\"").Select(m => m.Groups[1].Value)];
        Assert.Equal(["results", "cases", "surfaces", "viewer", "spread", "volumes", "calibration", "training"], ids);
        string contents = Regex.Match(_page.Markup, "<nav.*?</nav>", RegexOptions.Singleline).Value;
        Assert.Equal(ids.Prepend("top"), Regex.Matches(contents, "href=\"#([^\"]+)\"").Select(m => m.Groups[1].Value));
        string[] all = [.. Regex.Matches(_page.Markup, " id=\"([^\"]+)\"").Select(m => m.Groups[1].Value)];
        Assert.Equal(all.Length, all.Distinct().Count());
        Assert.Contains("Not a medical device", _page.Markup, StringComparison.Ordinal);
    }

    [Fact]
    public void Sections_without_content_are_left_out()
    {
        string html = ReportPage.Write(new() { Title = "empty", Cells = [new("a", "A")], Reference = "a" });
        Assert.DoesNotContain("<section", html, StringComparison.Ordinal);
        Assert.Contains("<h1>empty</h1>", html, StringComparison.Ordinal);
    }

    [Fact]
    public void Names_are_text_wherever_they_stand()
    {
        Assert.DoesNotContain("alert('x')", _page.Html, StringComparison.Ordinal);
        Assert.DoesNotContain("<script>alert", _page.Html, StringComparison.OrdinalIgnoreCase);
        string escaped = WebUtility.HtmlEncode(ExampleExperiment.Hostile);
        Assert.True(Regex.Count(_page.Markup, Regex.Escape(escaped)) > 20, "title, note, cell and class are shown");
        Assert.Contains($"<h1>Example {escaped}</h1>", _page.Markup, StringComparison.Ordinal);
        Assert.Equal(4, Regex.Count(_page.Html, "<script")); // data, D3, Plot, the report's own
    }

    [Fact]
    public void Elements_are_closed_in_order()
    {
        string[] single = ["meta", "img", "image", "path", "rect", "input", "link", "br", "hr"];
        var open = new Stack<string>();
        foreach (Match tag in Regex.Matches(_page.Markup.Replace("<!doctype html>", ""), "<(/?)([a-z0-9]+)((?:\"[^\"]*\"|[^\">])*)>"))
        {
            string name = tag.Groups[2].Value;
            if (tag.Groups[1].Value == "/") Assert.Equal(name, open.Pop());
            else if (!tag.Groups[3].Value.EndsWith('/') && !(single.Contains(name) && name != "path")) open.Push(name);
        }
        Assert.Empty(open);
    }

    [Fact]
    public void Nothing_is_fetched()
    {
        Assert.DoesNotMatch(@"(?i)\b(src|href|srcset|action|data|poster|xlink:href)\s*=\s*[""']?\s*(https?:|//|file:)", _page.Markup);
        Assert.All(Regex.Matches(_page.Markup, "(?:src|href)=\"([^\"]*)\"").Select(m => m.Groups[1].Value), target => Assert.Matches("^(#|data:image/png;base64,)", target));
        string style = Regex.Match(_page.Html, "<style>.*?</style>", RegexOptions.Singleline).Value;
        Assert.DoesNotMatch(@"(?i)url\(|@import|@font-face", style);
        Assert.DoesNotMatch("(?i)<link|<iframe|<object|<embed|<base", _page.Markup);
        Assert.Matches("http-equiv=\"Content-Security-Policy\" content=\"default-src 'none';", _page.Html);
        string own = PageAssets.Text("report.js");
        Assert.DoesNotMatch(@"(?i)\bfetch\(|XMLHttpRequest|import\(|https?:", own);
    }

    [Fact]
    public void The_same_input_gives_the_same_bytes() => Assert.Equal(_page.Html, ReportPage.Write(_page.Data, "<p id=\"of-viewer\">viewer</p>"));

    [Fact]
    public void Charts_have_their_numbers()
    {
        using var json = JsonDocument.Parse(Regex.Match(_page.Html, "<script type=\"application/json\" id=\"report-data\">(.*?)</script>", RegexOptions.Singleline).Groups[1].Value);
        var rows = json.RootElement.GetProperty("rows").EnumerateArray().ToArray();
        Assert.Equal(3 * 6, rows.Length);
        Assert.Equal(0.8, rows.First(r => r.GetProperty("cell").GetString() == "cell-1").GetProperty("HR DSC").GetDouble());
        Assert.Equal(JsonValueKind.Null, rows[1].GetProperty("HR HD95").ValueKind); // infinite
        Assert.Equal(ExampleExperiment.Hostile, json.RootElement.GetProperty("classes")[1].GetString());
        Assert.Equal(7, json.RootElement.GetProperty("curves").GetArrayLength()); // a stage and six units
        Assert.Equal(12, json.RootElement.GetProperty("calibrations").GetArrayLength());
        foreach (string chart in (string[])["box", "forest", "volume", "curves", "reliability"]) Assert.Contains($"data-chart=\"{chart}\"", _page.Markup, StringComparison.Ordinal);
    }

    [Fact]
    public void Tables_mark_the_best_the_reference_and_what_differs()
    {
        string means = Regex.Match(_page.Markup, "<table>.*?</table>", RegexOptions.Singleline).Value;
        Assert.Matches("(?s)Method 0</th>.*?<td class=\"best\">0.900<span class=\"sd\"> ± 0.012</span></td>", means);
        Assert.Equal(4, Regex.Count(means, "class=\"best\""));
        Assert.Matches("<tr class=\"reference\"><th scope=\"row\">Method 1", means);
        Assert.Single(Regex.Matches(means, Regex.Escape("<span class=\"sign\">*</span></td>")));
        foreach (string verdict in (string[])["verdict yes\">yes", "verdict no\">no, the other way round", "verdict unsure\">not significant", "verdict unsure\">not run"]) Assert.Contains(verdict, _page.Markup, StringComparison.Ordinal);
        Assert.Contains("&lt; 0.001", _page.Markup, StringComparison.Ordinal);
        Assert.Contains("<strong>Method 0</strong> has the highest mean HR Dice of 0.900 (95 % interval 0.800 to 0.900) over 6 held-out cases, 0.100 above Method 1", _page.Markup, StringComparison.Ordinal);
    }

    [Fact]
    public void Best_median_and_worst_case_with_three_planes_of_every_column()
    {
        string[] articles = [.. Regex.Matches(_page.Markup, "<article.*?</article>", RegexOptions.Singleline).Select(m => m.Value)];
        Assert.Equal(["Best", "Median", "Worst"], articles.Select(a => Regex.Match(a, "<h3>(\\w+):").Groups[1].Value));
        Assert.Contains("phantom_000", articles[0], StringComparison.Ordinal);
        Assert.Contains("phantom_005", articles[2], StringComparison.Ordinal);
        foreach (string article in articles)
        {
            Assert.Equal(12, Regex.Count(article, "<figure class=\"panel"));
            foreach (string plane in (string[])["Axial", "Coronal", "Sagittal"])
                foreach (string column in (string[])["thick image", "self-SR image", "uncertainty", "thin labels"]) Assert.Contains($"{plane} · {column}</figcaption>", article, StringComparison.Ordinal);
            // Of three cells only the reference is shown at first.
            Assert.Equal(2 * Regex.Count(article, "class=\"cell[^>]*data-cell=\"cell-1\">"), Regex.Count(article, "class=\"cell[^>]* hidden>"));
        }
    }

    /// <summary>A 24 mm phantom in slices of 4 mm: six rows of four-millimetre voxels against 24 columns, drawn at true proportions.</summary>
    [Fact]
    public void Panels_have_the_patients_proportions_and_thick_voxels()
    {
        string coronal = Regex.Match(_page.Markup, "<svg[^>]*aria-label=\"Coronal, thick image\">.*?</svg>", RegexOptions.Singleline).Value;
        double[] box = [.. Regex.Match(coronal, "viewBox=\"([^\"]+)\"").Groups[1].Value.Split(' ').Select(double.Parse)];
        var image = Regex.Match(coronal, "<image x=\"([^\"]+)\" y=\"([^\"]+)\" width=\"([^\"]+)\" height=\"([^\"]+)\"");
        Assert.Equal(box, Enumerable.Range(1, 4).Select(g => double.Parse(image.Groups[g].Value)));
        using var picture = SkiaSharp.SKBitmap.Decode(Convert.FromBase64String(Regex.Match(coronal, "base64,([^\"]+)").Groups[1].Value));
        Assert.Equal((box[2], box[3]), (picture.Width * 1.0, picture.Height * 4.0));
    }

    [Fact]
    public void Pictures_hold_the_images_grey_values()
    {
        var views = new CaseViews(_page.Data.Cases[0]);
        var slice = views.LrImage.Cut(AnatomicalPlane.Axial, views.Position(AnatomicalPlane.Axial), views.Box);
        var tone = Tone.Grey(views.LrImage.Volume);
        using var drawn = PlanePicture.Draw(slice, tone);
        using var read = SkiaSharp.SKBitmap.Decode(Convert.FromBase64String(PlanePicture.DataUri(drawn)["data:image/png;base64,".Length..]));
        for (int i = 0; i < slice.Values.Length; i++)
            Assert.Equal(Math.Round(255 * Math.Clamp((slice.Values[i] - tone.Low) / (tone.High - tone.Low), 0, 1)), read.GetPixel(i % slice.Columns, i / slice.Columns).Red, 1.0);
    }

    [Fact]
    public void Surfaces_from_the_thick_label_over_each_cell_to_the_truth()
    {
        string section = Regex.Match(_page.Markup, "<section id=\"surfaces\">.*?</section>", RegexOptions.Singleline).Value;
        Assert.Equal(["thick label", "Method 0", "Method 1", WebUtility.HtmlEncode(ExampleExperiment.Hostile), "thin truth"], Regex.Matches(section, "<figcaption>(.*?)</figcaption>").Select(m => m.Groups[1].Value));
    }

    [Fact]
    public void Ten_cells_and_five_folds_stay_below_six_megabytes()
    {
        using var example = new ExampleExperiment(cells: 10, folds: 5, casesInFold: 8);
        Assert.InRange(ReportPage.Write(example.Data()).Length, 500_000, 6_000_000);
    }
}
