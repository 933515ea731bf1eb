using System.Text.Json;
using REHRSeg.Imaging;

namespace REHRSeg.Tool.Tests;

public sealed class CellCalibrationTests
{
    static Reliability Of(params (long Voxels, double Confidence, double Accuracy)[] bins) =>
        new(bins.Sum(b => b.Voxels * Math.Abs(b.Accuracy - b.Confidence)) / Math.Max(1, bins.Sum(b => b.Voxels)), 0.5, [.. bins.Select(b => b.Voxels == 0 ? new ReliabilityBin(0, double.NaN, double.NaN) : new ReliabilityBin(b.Voxels, b.Confidence, b.Accuracy))]);

    static CalibrationResult Fold(Reliability before, double temperature, double? auroc) => new([new("LR", "all", before.Bins.Sum(b => b.Voxels), temperature, before, before, auroc, null)]);

    /// <summary>A fold that is too sure and one that is not sure enough cancel in a bin, as they do in one pool of voxels.</summary>
    [Fact]
    public void Folds_are_pooled_voxel_by_voxel()
    {
        var pooled = CellCalibration.Pool("c", [Fold(Of((0, 0, 0), (100, 0.6, 0.5)), 1, 0.8), Fold(Of((50, 0.2, 0.1), (300, 0.7, 0.8)), 4, null)]).Grids.Single();
        Assert.Equal(450, pooled.Voxels);
        Assert.Equal([50, 400], pooled.Before.Bins.Select(b => b.Voxels));
        Assert.Equal((0.675, 0.725), (Math.Round(pooled.Before.Bins[1].Confidence, 9), Math.Round(pooled.Before.Bins[1].Accuracy, 9)));
        Assert.Equal((50 * 0.1 + 400 * 0.05) / 450, pooled.Before.Ece, 9);
        Assert.Equal(Math.Pow(4, 350.0 / 450), pooled.Temperature, 9);
        Assert.Equal(0.8, pooled.EntropyAuroc);
        Assert.Null(pooled.UncertaintyAuroc);
    }

    [Fact]
    public void One_fold_is_as_it_was()
    {
        var fold = Fold(Of((7, 0.4, 0.3)), 2, 0.9);
        Assert.Same(fold.Grids[0], CellCalibration.Pool("c", [fold]).Grids.Single());
    }

    [Fact]
    public void What_calibrate_writes_is_read_with_NaN_in_empty_bins()
    {
        using var folder = new TemporaryFolder();
        var written = Fold(Of((0, 0, 0), (3, 0.9, 1)), 1.5, null);
        File.WriteAllText(folder["calibration.json"], JsonSerializer.Serialize(written, ToolConsole.JsonForm));
        var read = CellCalibration.Read(folder["calibration.json"])!;
        Assert.Equal(written.Grids[0].Before.Bins, read.Grids[0].Before.Bins);
        Assert.Null(CellCalibration.Read(folder["none.json"]));
    }

    [Theory]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("{\"grids\":[null]}")]
    [InlineData("{\"grids\":[{\"grid\":\"LR\",\"before\":{\"bins\":[]}}]}")]
    public void A_damaged_file_is_named(string text)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["calibration.json"], text);
        Assert.Contains(folder["calibration.json"], Assert.Throws<DatasetException>(() => CellCalibration.Read(folder["calibration.json"])).Message, StringComparison.Ordinal);
    }
}
