using System.Text.Json;
using REHRSeg.Imaging;

namespace REHRSeg.Tool;

/// <summary>A cell's calibration over all its folds.</summary>
internal sealed record CellCalibration(string Cell, IReadOnlyList<GridCalibration> Grids)
{
    /// <summary>
    /// Folds in one: bins are added by voxels and the calibration error follows from the sums; negative log-likelihood is the mean over voxels, temperature the geometric mean over
    /// voxels, areas under ROC curves the mean over folds that have one.
    /// </summary>
    public static CellCalibration Pool(string cell, IReadOnlyList<CalibrationResult> folds) =>
        new(cell, [.. folds.SelectMany(f => f.Grids).GroupBy(g => (g.Grid, g.Region)).Select(g => Pool([.. g]))]);

    /// <summary>Reads <c>calibration.json</c>; null: it is not there.</summary>
    /// <exception cref="DatasetException">It is damaged.</exception>
    public static CalibrationResult? Read(string file)
    {
        if (!File.Exists(file)) return null;
        var result = ResultFile.Read<CalibrationResult>(file);
        if (result.Grids is null || result.Grids.Any(g => g?.Before?.Bins is null || g.After?.Bins is null || g.Before.Bins.Count != g.After.Bins.Count)) throw ResultFile.Damaged(file, "it lacks grids or their bins.");
        return result;
    }

    static GridCalibration Pool(IReadOnlyList<GridCalibration> folds)
    {
        if (folds.Count == 1) return folds[0];
        double voxels = folds.Sum(f => (double)f.Voxels);
        double Weighted(Func<GridCalibration, double> value) => voxels > 0 ? folds.Where(f => f.Voxels > 0).Sum(f => f.Voxels / voxels * value(f)) : double.NaN;
        static double? Mean(IEnumerable<double?> values) => values.Any(v => v is not null) ? values.Average() : null;
        return new(folds[0].Grid, folds[0].Region, folds.Sum(f => f.Voxels), Math.Exp(Weighted(f => Math.Log(f.Temperature))),
            Pool([.. folds.Select(f => f.Before)], Weighted(f => f.Before.NegativeLogLikelihood)), Pool([.. folds.Select(f => f.After)], Weighted(f => f.After.NegativeLogLikelihood)),
            Mean(folds.Select(f => f.EntropyAuroc)), Mean(folds.Select(f => f.UncertaintyAuroc)));
    }

    static Reliability Pool(IReadOnlyList<Reliability> folds, double likelihood)
    {
        var bins = Enumerable.Range(0, folds.Min(f => f.Bins.Count)).Select(b =>
        {
            var filled = folds.Select(f => f.Bins[b]).Where(bin => bin.Voxels > 0).ToArray();
            long count = filled.Sum(bin => bin.Voxels);
            return count == 0 ? new ReliabilityBin(0, double.NaN, double.NaN) : new(count, filled.Sum(bin => bin.Voxels * bin.Confidence) / count, filled.Sum(bin => bin.Voxels * bin.Accuracy) / count);
        }).ToArray();
        double all = bins.Sum(b => (double)b.Voxels);
        return new(all > 0 ? bins.Where(b => b.Voxels > 0).Sum(b => b.Voxels / all * Math.Abs(b.Accuracy - b.Confidence)) : double.NaN, likelihood, bins);
    }
}
