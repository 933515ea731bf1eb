using REHRSeg.Imaging;

namespace REHRSeg.Tool;

/// <summary>Scores of the cells of a run.</summary>
internal static class RunScores
{
    /// <summary>One row for each cell and case that it has label maps of.</summary>
    /// <exception cref="GeometryMismatchException">A label map off the truth's grid.</exception>
    public static IReadOnlyList<ResultRow> Of(ToolConsole console, string results, IReadOnlyList<ReportCell> cells, IReadOnlyList<MedicalCase> cases, MedicalDataset dataset, int? fold, CancellationToken cancel)
    {
        var rows = new List<ResultRow>();
        string truth = Path.Combine(dataset.Directory, "hr");
        var watch = System.Diagnostics.Stopwatch.StartNew();
        foreach (var item in cases)
        {
            cancel.ThrowIfCancellationRequested();
            var thinLabel = ReportDataset.Volume(Path.Combine(truth, "labelsTr"), item.Id)?.Invoke();
            var thinImage = ReportDataset.Volume(Path.Combine(truth, "imagesTr"), item.Id + "_0000")?.Invoke();
            MLVolume? thickLabel = null;
            foreach (var cell in cells)
            {
                var prediction = Prediction(results, cell.Name, item.Id);
                var values = new Dictionary<string, double>();
                if (prediction.Lr is not null) Labels(values, "LR", prediction.Lr(), thickLabel ??= item.ReadLabel(dataset.Labels), dataset.Labels, $"{results}, {cell.Name}/lr/{item.Id}", item.LabelFile!);
                if (prediction.Hr is not null && thinLabel is not null) Labels(values, "HR", prediction.Hr(), thinLabel, dataset.Labels, $"{results}, {cell.Name}/hr/{item.Id}", $"{truth}, labelsTr/{item.Id}");
                if (prediction.HrImage is not null && thinImage is not null)
                {
                    var image = prediction.HrImage();
                    image.RequireSameGrid(thinImage, $"{results}, {cell.Name}/images/{item.Id}", $"{truth}, imagesTr/{item.Id}");
                    (values["HR PSNR"], values["HR SSIM"]) = (Metrics.Psnr(image, thinImage), Metrics.Ssim(image, thinImage));
                }
                if (values.Count > 0) rows.Add(new(dataset.Name, cell.Name, fold ?? -1, 0, item.Id, values));
            }
            console.Step("score", Array.IndexOf([.. cases], item) + 1, cases.Count, watch.Elapsed);
        }
        return [.. cells.SelectMany(c => rows.Where(r => r.Cell == c.Name))];
    }

    public static CasePrediction Prediction(string results, string cell, string id)
    {
        string folder = Path.Combine(results, cell);
        return new(cell)
        {
            Lr = ReportDataset.Volume(Path.Combine(folder, "lr"), id), Hr = ReportDataset.Volume(Path.Combine(folder, "hr"), id) ?? ReportDataset.Volume(Path.Combine(folder, "labels"), id),
            HrImage = ReportDataset.Volume(Path.Combine(folder, "images"), id + "_0000"),
        };
    }

    static void Labels(Dictionary<string, double> values, string grid, MLVolume prediction, MLVolume truth, IReadOnlyList<LabelClass> labels, string predictionName, string truthName)
    {
        prediction.RequireSameGrid(truth, predictionName, truthName);
        foreach (var score in UnitScoring.Labels(grid, prediction, truth, labels)) values[ResultColumns.Of(score)] = score.Value;
    }
}
