using PuppeteerSharp;

namespace REHRSeg.Tool.Tests;

public sealed class ReportInBrowserTests
{
    [ChromiumFact]
    public async Task Every_chart_is_drawn_choices_work_and_nothing_is_asked_of_a_network()
    {
        using var example = new ExampleExperiment();
        ToolRun.InProcess("report", "--experiment", example.Experiment.Path, "--out", example["report.html"], "--quiet").AssertDone();
        await using var page = await ChromiumPage.Open(example["report.html"]);
        int figures = await page.Evaluate<int>("document.querySelectorAll('figure[data-chart]').length");
        Assert.True(figures > 15);
        Assert.Equal(figures, await page.Evaluate<int>("document.querySelectorAll('figure[data-chart] .plot svg').length"));
        Assert.Equal(0, await page.Evaluate<int>("[...document.querySelectorAll('figure[data-chart=box] circle')].filter(c => !Number.isFinite(+c.getAttribute('cx'))).length"));
        Assert.Equal(18 + 3, await page.Evaluate<int>("document.querySelectorAll('figure[data-chart=box][data-grid=HR][data-measure=DSC] circle').length")); // three cells of six cases, three rings

        string shown = "[...new Set([...document.querySelectorAll('#cases .cell:not([hidden])')].map(c => c.dataset.cell))].join()";
        Assert.Equal("cell-1", await page.Evaluate<string>(shown));
        await page.Select("select[data-choice=panels]", "cell-2");
        Assert.Equal("cell-2", await page.Evaluate<string>(shown));
        await page.Click("input[data-show=truth]");
        Assert.Equal("none", await page.Evaluate<string>("getComputedStyle(document.querySelector('#cases .panel .truth')).display"));

        foreach (int width in (int[])[1280, 400])
        {
            await page.Page.SetViewportAsync(new ViewPortOptions { Width = width, Height = 900 });
            Assert.Equal(width, await page.Evaluate<int>("document.documentElement.scrollWidth"));
            foreach (string plane in (string[])["Axial", "Coronal", "Sagittal"]) // voxels keep the patient's proportions at every width
                Assert.InRange(await page.Evaluate<double>($"(() => {{ const svg = document.querySelector('svg[aria-label=\"{plane}, thick image\"]'), box = svg.viewBox.baseVal, m = svg.getScreenCTM(); return m.a / m.d; }})()"), 0.999, 1.001);
        }
        Assert.Empty(page.Problems);
        Assert.Empty(page.NetworkRequests);
    }

    [ChromiumFact]
    public async Task Names_that_look_like_scripts_do_not_run_and_text_is_readable_in_the_dark()
    {
        using var example = new ExampleExperiment(cells: 3, folds: 1, casesInFold: 2);
        ToolRun.InProcess("report", "--experiment", example.Experiment.Path, "--out", example["report.html"], "--quiet").AssertDone();
        await using var page = await ChromiumPage.Open(example["report.html"]);
        bool dialog = false;
        page.Page.Dialog += (_, e) => { dialog = true; _ = e.Dialog.Dismiss(); };
        await page.Page.EmulateMediaFeaturesAsync([new() { MediaFeature = MediaFeature.PrefersColorScheme, Value = "dark" }]);
        await page.Page.ReloadAsync();
        Assert.Contains("Example <script>", await page.Evaluate<string>("document.querySelector('h1').textContent"), StringComparison.Ordinal);
        // Luminance of charts' text against the page: far apart.
        Assert.True(await page.Evaluate<double>("(() => { const light = c => { const [r, g, b] = c.match(/[\\d.]+/g).map(Number); return (0.2126 * r + 0.7152 * g + 0.0722 * b) / 255; }; const paper = light(getComputedStyle(document.body).backgroundColor); return Math.min(...[...document.querySelectorAll('.plot svg text')].map(t => light(getComputedStyle(t).fill) - paper)); })()") > 0.3);
        Assert.False(dialog);
        Assert.Empty(page.Problems);
    }
}
