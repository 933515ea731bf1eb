using Microsoft.ML;
using Microsoft.ML.Data;

namespace REHRSeg.Imaging.Tests;

public class SegmentationMetricsTests
{
    static readonly VolumeGeometry Grid = new([4, 3, 2], [1, 1, 3]);
    readonly MLContext _ml = new();

    sealed class Row
    {
        public string Id { get; set; } = "";
        [VolumeType] public MLVolume? Label { get; set; }
        [VolumeType] public MLVolume? LrSegmentation { get; set; }
    }

    static MLVolume Map(params (int Index, int Label)[] voxels)
    {
        var values = new float[Grid.VoxelCount];
        foreach (var (index, label) in voxels) values[index] = label;
        return new(Grid, values);
    }

    [Fact]
    public void Cases_classes_and_means()
    {
        Row[] rows =
        [
            new() { Id = "a", Label = Map((0, 1), (1, 1), (5, 2)), LrSegmentation = Map((0, 1), (5, 2)) }, // 1: 2/3, 1 mm on one side; 2: 1, 0
            new() { Id = "b", Label = Map((0, 1), (5, 2)), LrSegmentation = Map((12, 1)) }, // 1: 0, one slice of 3 mm; 2: missed
        ];
        var metrics = _ml.MedicalImaging.EvaluateSegmentation(_ml.Data.LoadFromEnumerable(rows));
        Assert.Equal([("a", 1), ("a", 2), ("b", 1), ("b", 2)], metrics.Cases.Select(c => (c.Id, c.Label.Value)));
        Assert.Equal([2 / 3.0, 1, 0, 0], metrics.Cases.Select(c => c.Dice));
        Assert.Equal([0.9, 0, 3, double.PositiveInfinity], metrics.Cases.Select(c => Math.Round(c.HausdorffDistance95, 9))); // 95th percentile of 0, 0, 1
        Assert.Equal([(1, 1 / 3.0), (2, 0.5)], metrics.Classes.Select(c => (c.Label.Value, c.Dice)));
        Assert.Equal([1.95, 0], metrics.Classes.Select(c => Math.Round(c.HausdorffDistance95, 9)));
        Assert.Equal((2 / 3.0 + 1) / 4, metrics.MeanDice, 1e-12);
        Assert.Equal((0.45 + 3) / 2, metrics.MeanHausdorffDistance95, 1e-9);
    }

    [Fact]
    public void What_cannot_be_scored_is_named()
    {
        Row row = new() { Id = "a", Label = Map((0, 1)), LrSegmentation = new(new VolumeGeometry([4, 3, 2], [1, 1, 4]), Map().Memory) };
        Assert.Contains("case a", Assert.Throws<GeometryMismatchException>(() => _ml.MedicalImaging.EvaluateSegmentation(_ml.Data.LoadFromEnumerable([row]))).Message);
        row.LrSegmentation = null;
        Assert.Contains("Case a: column 'LrSegmentation'", Assert.Throws<DatasetException>(() => _ml.MedicalImaging.EvaluateSegmentation(_ml.Data.LoadFromEnumerable([row]))).Message);
        Assert.Contains("'Other'", Assert.Throws<ArgumentOutOfRangeException>(() => _ml.MedicalImaging.EvaluateSegmentation(_ml.Data.LoadFromEnumerable([row]), predictedColumnName: "Other")).Message);
    }
}
