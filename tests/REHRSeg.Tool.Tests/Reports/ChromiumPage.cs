using System.Collections.Concurrent;
using PuppeteerSharp;
using PuppeteerSharp.Media;
using SkiaSharp;

namespace REHRSeg.Tool.Tests;

/// <summary>A file in headless Chromium, with everything that it writes to the console, throws and asks for. WebGL runs in software.</summary>
internal sealed class ChromiumPage : IAsyncDisposable
{
    static readonly string[] s_flags =
    [
        "--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--force-color-profile=srgb",
        "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader",
    ];
    static readonly string[] s_local = ["file:", "data:", "blob:"];
    readonly TemporaryFolder _profile = new();
    readonly ConcurrentQueue<string> _problems = new(), _requests = new();
    readonly IBrowser _browser;

    ChromiumPage(IBrowser browser, IPage page, TemporaryFolder profile)
    {
        (_browser, Page, _profile) = (browser, page, profile);
        page.Console += (_, e) => _problems.Enqueue($"console {e.Message.Type}: {e.Message.Text}");
        page.PageError += (_, e) => _problems.Enqueue($"exception: {e.Message}");
        page.Error += (_, e) => _problems.Enqueue($"crash: {e.Error}");
        page.Request += (_, e) => _requests.Enqueue(e.Request.Url);
    }

    /// <summary>For what the methods here do not cover.</summary>
    public IPage Page { get; }

    /// <summary>All that the page wrote to the console, of any level, and all that it did not catch.</summary>
    public IReadOnlyCollection<string> Problems => _problems;

    /// <summary>What the page asked of anything but itself.</summary>
    public IReadOnlyList<string> NetworkRequests => [.. _requests.Where(url => !s_local.Any(scheme => url.StartsWith(scheme, StringComparison.Ordinal)))];

    /// <summary>Opens a file and waits until it is loaded.</summary>
    /// <param name="file">An HTML file.</param>
    /// <param name="flags">Further switches of Chromium.</param>
    public static async Task<ChromiumPage> Open(string file, params string[] flags)
    {
        var profile = new TemporaryFolder();
        var browser = await Puppeteer.LaunchAsync(new LaunchOptions
        {
            ExecutablePath = ChromiumFactAttribute.Executable, Headless = true, UserDataDir = profile.Root, Args = [.. s_flags, .. flags], Timeout = 120_000, ProtocolTimeout = 120_000,
            DefaultViewport = new ViewPortOptions { Width = 1280, Height = 900 },
        });
        var page = new ChromiumPage(browser, (await browser.PagesAsync())[0], profile);
        page.Page.DefaultTimeout = 120_000;
        await page.Page.GoToAsync(new Uri(Path.GetFullPath(file)).AbsoluteUri);
        return page;
    }

    /// <summary>The value of an expression.</summary>
    public Task<T> Evaluate<T>(string script) => Page.EvaluateExpressionAsync<T>(script);

    /// <summary>Waits until an element matches.</summary>
    public Task WaitFor(string selector) => Page.WaitForSelectorAsync(selector);

    /// <summary>Clicks the middle of an element.</summary>
    public Task Click(string selector) => Page.ClickAsync(selector);

    /// <summary>Chooses an option of a list by its value.</summary>
    public Task Select(string selector, string value) => Page.SelectAsync(selector, value);

    /// <summary>An element as it is on the screen.</summary>
    public async Task<SKBitmap> Picture(string selector)
    {
        var element = await Page.QuerySelectorAsync(selector) ?? throw new InvalidOperationException($"Nothing matches {selector}.");
        return SKBitmap.Decode(await element.ScreenshotDataAsync(new ElementScreenshotOptions { Type = ScreenshotType.Png }));
    }

    /// <summary>The whole page, written as a PNG for people to look at.</summary>
    public Task Screenshot(string file) => Page.ScreenshotAsync(file, new ScreenshotOptions { FullPage = true });

    public async ValueTask DisposeAsync()
    {
        await _browser.CloseAsync();
        _browser.Dispose();
        try
        {
            _profile.Dispose();
        }
        catch (IOException)
        {
            // A process of the browser may still be writing its profile.
        }
    }
}
