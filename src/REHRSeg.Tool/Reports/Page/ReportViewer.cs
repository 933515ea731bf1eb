namespace REHRSeg.Tool;

/// <summary>The report's cases as the 3-D viewer takes them.</summary>
internal static class ReportViewer
{
    /// <summary>The median case first. Images, uncertainty, truth, and the predictions of the reference and of the first rival.</summary>
    public static IReadOnlyList<ViewerCase> Cases(ReportData data) => [.. data.Cases.OrderBy(c => c.Rank != "median").Select(c => new ViewerCase($"{c.Id} ({c.Rank})", [.. Volumes(data, c)], data.Labels))];

    static IEnumerable<ViewerVolume> Volumes(ReportData data, ReportCase item)
    {
        yield return new("thick image", item.LrImage(), ViewerRole.Image, Shown: item.HrImage is null);
        if (item.HrImage is { } image) yield return new(image.Name, image.Read(), ViewerRole.Image, Shown: true);
        if (item.Uncertainty is { } uncertainty) yield return new("uncertainty", uncertainty(), ViewerRole.Uncertainty);
        yield return new("thick label", item.LrTruth(), ViewerRole.Label);
        if (item.HrTruth is { } truth) yield return new("thin truth", truth(), ViewerRole.Label, Shown: true, Outlined: true);
        string?[] cells = [data.Reference, data.Cells.FirstOrDefault(c => c.Name != data.Reference && !c.SeesLabels)?.Name];
        foreach (string cell in cells.OfType<string>())
            if (item.Predictions.FirstOrDefault(p => p.Cell == cell) is { } prediction && (prediction.Hr ?? prediction.Lr) is { } label) yield return new(data.TitleOf(cell), label(), ViewerRole.Label, Shown: cell == data.Reference);
    }
}
