namespace REHRSeg.Tool;

/// <summary>Files that are built into the tool and stand in each report.</summary>
internal static class PageAssets
{
    public const string D3Version = "7.9.2", PlotVersion = "0.6.17";

    public static string Text(string name)
    {
        using var stream = typeof(PageAssets).Assembly.GetManifestResourceStream("report/" + name) ?? throw new InvalidOperationException($"report/{name} is not built into the tool.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
