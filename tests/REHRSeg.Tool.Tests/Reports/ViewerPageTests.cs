using System.Text.RegularExpressions;
using SkiaSharp;

namespace REHRSeg.Tool.Tests;

/// <summary>The viewer in a browser. Its page is opened once for all tests, which leave it as they like.</summary>
public sealed class ViewerPageTests(ViewerPageTests.OpenPage open) : IClassFixture<ViewerPageTests.OpenPage>
{
    const string Canvas = "[data-part=canvas]", Ready = ".rehrseg-viewer[data-state=drawn], .rehrseg-viewer[data-state=failed]";

    /// <summary>A page with two cases, opened at the first use: without a browser there is none.</summary>
    public sealed class OpenPage : IAsyncLifetime
    {
        readonly TemporaryFolder _folder = new();
        ChromiumPage? _page;

        internal async Task<ChromiumPage> Page()
        {
            if (_page is null)
            {
                _page = await ChromiumPage.Open(Write(_folder, ViewerSection.Html([ViewerPhantom.Case("phantom_a", 1), ViewerPhantom.Case("phantom_b", 2)])));
                await _page.WaitFor(Ready);
            }
            return _page;
        }

        public Task InitializeAsync() => Task.CompletedTask;

        public async Task DisposeAsync()
        {
            if (_page is not null) await _page.DisposeAsync();
            _folder.Dispose();
        }
    }

    static string Write(TemporaryFolder folder, string section, string before = "", string head = "")
    {
        File.WriteAllText(folder["page.html"], $"<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Viewer</title>{head}<body>{before}{section}");
        return folder["page.html"];
    }

    static async Task Choose(ChromiumPage page, string part, string value)
    {
        await page.Select($"[data-part={part}]", value);
        await page.WaitFor(Ready);
    }

    static async Task Click(ChromiumPage page, string selector)
    {
        await page.Click(selector);
        await page.WaitFor(Ready);
    }

    /// <summary>The share of pixels that differ.</summary>
    static double Difference(SKBitmap a, SKBitmap b)
    {
        Assert.Equal((a.Width, a.Height), (b.Width, b.Height));
        return a.Pixels.Zip(b.Pixels).Count(p => p.First != p.Second) / (double)(a.Width * a.Height);
    }

    static int Count(SKBitmap picture, LabelColour colour) => picture.Pixels.Count(p => Math.Abs(p.Red - colour.Red) + Math.Abs(p.Green - colour.Green) + Math.Abs(p.Blue - colour.Blue) <= 6);

    static void AssertQuiet(ChromiumPage page)
    {
        Assert.Empty(page.Problems);
        Assert.Empty(page.NetworkRequests);
    }

    [ChromiumFact]
    public async Task It_draws_the_first_case_with_the_labels_in_their_colours()
    {
        var page = await open.Page();
        await Choose(page, "case", "0");
        await Choose(page, "view", "multiplanar");
        using var picture = await page.Picture(Canvas);
        Assert.True(picture.Pixels.Distinct().Count() > 200, "grey values of an image");
        // The outlined truth is opaque.
        Assert.True(Count(picture, LabelColours.Of(1)) > 300);
        Assert.True(Count(picture, LabelColours.Of(2)) > 100);
        Assert.Equal(["organ", "lesion", "uncertainty up to"], await page.Evaluate<string[]>("[...document.querySelectorAll('[data-part=legend] li')].map(e => e.textContent.replace(/ [0-9.]+$/, ''))"));
        AssertQuiet(page);
    }

    [ChromiumFact]
    public async Task An_overlay_goes_on_and_off()
    {
        var page = await open.Page();
        await Choose(page, "case", "0");
        await Choose(page, "view", "coronal");
        using var with = await page.Picture(Canvas);
        await Click(page, "[data-overlay='2']");
        using var without = await page.Picture(Canvas);
        await Click(page, "[data-overlay='2']");
        using var again = await page.Picture(Canvas);
        Assert.InRange(Difference(with, without), 0.005, 0.5);
        // The corners of the focus' frame move with the focus.
        Assert.InRange(Difference(with, again), 0, 1e-4);
        Assert.True(Count(with, LabelColours.Of(1)) > 10 * Count(without, LabelColours.Of(1)));
        await Click(page, "[data-overlay='4']");
        using var uncertain = await page.Picture(Canvas);
        Assert.True(Difference(with, uncertain) > 0.01);
        AssertQuiet(page);
    }

    [ChromiumFact]
    public async Task Another_case_and_another_image_are_other_pictures()
    {
        var page = await open.Page();
        await Choose(page, "case", "0");
        await Choose(page, "view", "sagittal");
        using var thick = await page.Picture(Canvas);
        await Choose(page, "base", "1");
        using var thin = await page.Picture(Canvas);
        await Choose(page, "case", "1");
        using var other = await page.Picture(Canvas);
        Assert.True(Difference(thick, thin) > 0.2);
        Assert.True(Difference(thick, other) > 0.2);
        Assert.Equal("phantom_b", await page.Evaluate<string>("document.querySelector('[data-part=case]').selectedOptions[0].text"));
        AssertQuiet(page);
    }

    /// <summary>Thick slices along y: in a sagittal plane all columns of a thick slice are alike until they are smoothed.</summary>
    [ChromiumFact]
    public async Task Thick_slices_are_shown_as_they_are_or_smoothed()
    {
        var page = await open.Page();
        await Choose(page, "case", "0");
        await Choose(page, "base", "0");
        await Choose(page, "view", "sagittal");
        await Click(page, "[data-overlay='2']");
        await Click(page, "[data-overlay='3']");
        int Edges(SKBitmap picture)
        {
            // Along a row away from crosshair and letters.
            int y = picture.Height / 3, x0 = (picture.Width - picture.Height) / 2;
            return Enumerable.Range(x0 + 2, picture.Height - 4).Count(x => picture.GetPixel(x, y) != picture.GetPixel(x - 1, y));
        }
        using var nearest = await page.Picture(Canvas);
        await Choose(page, "interpolation", "linear");
        using var linear = await page.Picture(Canvas);
        await Choose(page, "interpolation", "nearest");
        int slices = ViewerPhantom.DefaultSize / ViewerPhantom.Factor;
        Assert.InRange(Edges(nearest), 3, slices + 3);
        Assert.True(Edges(linear) > 5 * slices);
        AssertQuiet(page);
    }

    [ChromiumFact]
    public async Task The_convention_mirrors_the_planes_that_show_left_and_right()
    {
        var page = await open.Page();
        await Choose(page, "case", "0");
        await Choose(page, "view", "axial");
        await Choose(page, "convention", "radiological");
        using var radiological = await page.Picture(Canvas);
        await Choose(page, "convention", "neurological");
        using var neurological = await page.Picture(Canvas);
        await Choose(page, "convention", "radiological");
        // Where the picture holds the labels: the centre of their pixels goes to the other side.
        double Centre(SKBitmap picture) => picture.Pixels.Index().Where(p => p.Item.Green > p.Item.Red + 60).Average(p => (double)(p.Index % picture.Width));
        Assert.Equal(radiological.Width - 1 - Centre(radiological), Centre(neurological), radiological.Width * 0.02);
        AssertQuiet(page);
    }

    [ChromiumFact]
    public async Task The_crosshair_tells_position_and_values_and_follows_the_keys()
    {
        var page = await open.Page();
        await Choose(page, "case", "0");
        await Choose(page, "view", "multiplanar");
        Task<string> Position() => page.Evaluate<string>("document.querySelector('[data-part=position]').textContent");
        Task<string[]> Values() => page.Evaluate<string[]>("[...document.querySelectorAll('[data-part=values] dd')].map(e => e.textContent)");
        string before = await Position();
        Assert.Matches(@"^\d+\.\d mm [RL], \d+\.\d mm [AP], \d+\.\d mm [SI]$", before);
        // The viewer starts in the middle of the truth.
        Assert.Contains((await Values())[2], new[] { "organ", "lesion" });
        await page.Page.FocusAsync(Canvas);
        for (int i = 0; i < 3; i++) await page.Page.Keyboard.PressAsync("PageUp");
        string after = await Position();
        double Superior(string text) => double.Parse(Regex.Match(text, @"([\d.]+) mm [SI]$").Groups[1].Value) * (text.EndsWith('S') ? 1 : -1);
        Assert.Equal(Superior(before) + 3, Superior(after), 1e-6);
        Assert.Equal(before.Split(", ")[..2], after.Split(", ")[..2]);
        AssertQuiet(page);
    }

    [ChromiumFact]
    public async Task The_wheel_scrolls_the_page_until_the_viewer_is_clicked_and_then_the_slices()
    {
        var page = await open.Page();
        await Choose(page, "case", "0");
        await Choose(page, "view", "axial");
        Task<string> Position() => page.Evaluate<string>("document.querySelector('[data-part=position]').textContent");
        await page.Evaluate<object>("document.activeElement.blur()");
        var box = await (await page.Page.QuerySelectorAsync(Canvas)).BoundingBoxAsync();
        var (x, y) = (box.X + box.Width / 2, box.Y + box.Height / 2);
        await page.Page.Mouse.MoveAsync(x, y);
        string start = await Position();
        await page.Page.Mouse.WheelAsync(0, 100);
        Assert.Equal(start, await Position());
        // Away from the crosshair, so that the click moves it.
        await page.Page.Mouse.ClickAsync(x + 40, y + 40);
        await page.Page.WaitForExpressionAsync($"document.querySelector('[data-part=position]').textContent !== '{start}'");
        string clicked = await Position();
        await page.Page.Mouse.WheelAsync(0, 100);
        await page.Page.WaitForExpressionAsync($"document.querySelector('[data-part=position]').textContent !== '{clicked}'");
        // Another axial slice; in it the crosshair goes to the middle of its voxel.
        Assert.NotEqual(clicked.Split(", ")[2], (await Position()).Split(", ")[2]);
        AssertQuiet(page);
    }

    [ChromiumFact]
    public async Task The_3_d_views_draw_the_labels_with_and_without_the_image()
    {
        var page = await open.Page();
        await Choose(page, "case", "0");
        await Choose(page, "view", "render");
        using var image = await page.Picture(Canvas);
        await Choose(page, "view", "labels");
        using var labels = await page.Picture(Canvas);
        await Choose(page, "view", "multiplanar");
        int Lit(SKBitmap picture) => picture.Pixels.Count(p => p.Red + p.Green + p.Blue > 60);
        Assert.InRange(Lit(labels), 2000, Lit(image) * 0.7);
        AssertQuiet(page);
    }

    /// <summary>A structure at the patient's right, front and top, in files whose axes run differently; images that are bright where it is.</summary>
    [ChromiumFact]
    public async Task Overlays_lie_exactly_on_the_images_and_the_patient_is_the_right_way_round()
    {
        using var folder = new TemporaryFolder();
        await using var page = await ChromiumPage.Open(Write(folder, ViewerSection.Html([ViewerPhantom.Corner("LPS", [1, 0, 0, 0, 1, 0, 0, 0, 1]), ViewerPhantom.Corner("SRA", [0, -1, 0, 0, 0, -1, 1, 0, 0])])));
        await page.WaitFor(Ready);
        await page.Evaluate<object>("(() => { const slider = document.querySelector('[data-part=opacity]'); slider.value = 100; slider.dispatchEvent(new Event('input')); })()");
        foreach (string number in new[] { "0", "1" })
        {
            await Choose(page, "case", number);
            foreach (var (view, right, top) in new[] { ("axial", false, true), ("coronal", false, true), ("sagittal", true, true) })
            {
                await Choose(page, "view", view);
                // Thin image, thin label; thick image, thick label.
                foreach (var (image, label) in new[] { ("0", "2"), ("1", "3") })
                {
                    await Choose(page, "base", image);
                    using var bare = await page.Picture(Canvas);
                    await Click(page, $"[data-overlay='{label}']");
                    using var covered = await page.Picture(Canvas);
                    await Click(page, $"[data-overlay='{label}']");
                    var (bright, coloured) = (Mask(bare, p => p.Red > 120 && Math.Abs(p.Red - p.Blue) < 6), Mask(covered, p => p.Green > 110 && p.Red < 60));
                    int differing = bright.Zip(coloured).Count(p => p.First != p.Second), size = coloured.Count(m => m);
                    Assert.True(size > 2000, $"case {number}, {view}: {size} pixels");
                    // The crosshair and the letters are bright too: up to 9 %. A shift by a thin voxel would be 20 % more.
                    Assert.True(differing < 0.12 * size, $"case {number}, {view}, image {image}: {differing} of {size} pixels are of one and not of the other");
                    double x = coloured.Index().Where(m => m.Item).Average(m => (double)(m.Index % covered.Width)) / covered.Width, y = coloured.Index().Where(m => m.Item).Average(m => (double)(m.Index / covered.Width)) / covered.Height;
                    Assert.True(right ? x > 0.52 : x < 0.48, $"case {number}, {view}: the structure is at {x:0.00} of the width");
                    Assert.True(top ? y < 0.48 : y > 0.52, $"case {number}, {view}: the structure is at {y:0.00} of the height");
                }
            }
        }
        AssertQuiet(page);

        static bool[] Mask(SKBitmap picture, Func<SKColor, bool> inside) => [.. picture.Pixels.Select(inside)];
    }

    [ChromiumFact]
    public async Task Nothing_is_drawn_before_the_viewer_is_in_sight()
    {
        using var folder = new TemporaryFolder();
        string file = Write(folder, ViewerSection.Html([ViewerPhantom.Case("phantom", 1, 16)]), "<div style=\"height:4000px\">far above</div>");
        await using var page = await ChromiumPage.Open(file);
        await Task.Delay(300);
        Assert.Equal("closed", await page.Evaluate<string>("document.querySelector('.rehrseg-viewer').dataset.state"));
        Assert.False(await page.Evaluate<bool>("'niivue' in window"));
        await page.Evaluate<object>("window.scrollTo(0, 4000)");
        await page.WaitFor(Ready);
        Assert.Equal("drawn", await page.Evaluate<string>("document.querySelector('.rehrseg-viewer').dataset.state"));
        AssertQuiet(page);
    }

    [ChromiumFact]
    public async Task Without_webgl_a_message_stands_in_its_place()
    {
        using var folder = new TemporaryFolder();
        await using var page = await ChromiumPage.Open(Write(folder, ViewerSection.Html([ViewerPhantom.Case("phantom", 1, 16)])), "--disable-3d-apis");
        await page.WaitFor(Ready);
        Assert.Equal("failed", await page.Evaluate<string>("document.querySelector('.rehrseg-viewer').dataset.state"));
        Assert.Contains("no WebGL 2", await page.Evaluate<string>("document.querySelector('[data-part=message]').textContent"), StringComparison.Ordinal);
        Assert.True(await page.Evaluate<bool>("document.querySelector('[data-part=controls]').disabled && document.querySelector('canvas').hidden"));
        AssertQuiet(page);
    }

    [ChromiumFact]
    public async Task A_strict_content_policy_lets_it_work()
    {
        using var folder = new TemporaryFolder();
        const string policy = "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; script-src 'unsafe-inline' blob:; style-src 'unsafe-inline'; img-src data: blob:\">";
        await using var page = await ChromiumPage.Open(Write(folder, ViewerSection.Html([ViewerPhantom.Case("<b>&amp;</script>", 1, 16)]), head: policy));
        await page.WaitFor(Ready);
        Assert.Equal("drawn", await page.Evaluate<string>("document.querySelector('.rehrseg-viewer').dataset.state"));
        Assert.Equal("<b>&amp;</script>", await page.Evaluate<string>("document.querySelector('[data-part=case]').selectedOptions[0].text"));
        AssertQuiet(page);
    }
}
