using Microsoft.ML;
using Microsoft.ML.Data;
using REHRSeg.Imaging;
using REHRSeg.Onnx;

namespace Intro;

/// <summary>
/// Volumes as columns of ML.NET like any other: rows of one's own with two images a patient, columns under one's own names, a mapping written in C# from label maps
/// to numbers, and a selection of what is kept.
/// </summary>
static class IntroColumns
{
    public static void Main(string[] args)
    {
        if (args is not [var model, var table]) throw new ArgumentException("Columns segmentation.onnx VISITS.csv (patient,before,after: paths from the table's folder on)");
        var ml = new MLContext();
        var visits = ml.Data.LoadFromTextFile<Visit>(table, separatorChar: ',', hasHeader: true);

        OnnxSegmentationOptions Segment(string image, string labels) => new() { ModelPath = model, ImageColumnName = image, LrSegmentationColumnName = null, HrSegmentationColumnName = labels };
        var pipeline = ml.Transforms.LoadVolumes(new LoadVolumesOptions { Directory = Path.GetDirectoryName(Path.GetFullPath(table)), Columns = [new("ImageBefore", "Before"), new("ImageAfter", "After")] })
            .Append(ml.Transforms.ScoreVolumes(Segment("ImageBefore", "LabelsBefore")))
            .Append(ml.Transforms.ScoreVolumes(Segment("ImageAfter", "LabelsAfter")))
            .Append(ml.Transforms.CustomMapping<LabelMaps, Sizes>(Measure, contractName: null))       // a contract name and factory make it savable, as ML.NET documents
            .Append(ml.Transforms.SelectColumns("Patient", "Before_ml", "After_ml"));
        using var fitted = pipeline.Fit(visits);                                                      // nothing is learnt

        // Lazily, a row at a time: the images of one row are in memory, not those of the table.
        foreach (var row in ml.Data.CreateEnumerable<Change>(fitted.Transform(visits), reuseRowObject: false))
            Console.WriteLine($"{row.Patient}: {row.Before:0.000} ml -> {row.After:0.000} ml");

        // One row without a table.
        using var engine = ml.Model.CreatePredictionEngine<Visit, Change>(fitted);
        var first = ml.Data.CreateEnumerable<Visit>(visits, reuseRowObject: false).First();
        Console.WriteLine($"engine: {engine.Predict(first).After:0.000} ml");
    }

    static void Measure(LabelMaps maps, Sizes sizes) => (sizes.Before, sizes.After) = (Millilitres(maps.Before!), Millilitres(maps.After!));

    static float Millilitres(MLVolume labels)
    {
        int foreground = 0;
        foreach (float label in labels.Voxels) if (label != 0) foreground++;
        return (float)(foreground * labels.Geometry.Spacing.Aggregate((a, b) => a * b) / 1000);       // mm3 -> ml
    }
}

sealed class Visit
{
    [LoadColumn(0)] public string Patient { get; set; } = "";
    [LoadColumn(1)] public string Before { get; set; } = "";
    [LoadColumn(2)] public string After { get; set; } = "";
}

sealed class LabelMaps
{
    [VolumeType, ColumnName("LabelsBefore")] public MLVolume? Before { get; set; }
    [VolumeType, ColumnName("LabelsAfter")] public MLVolume? After { get; set; }
}

sealed class Sizes
{
    [ColumnName("Before_ml")] public float Before { get; set; }
    [ColumnName("After_ml")] public float After { get; set; }
}

sealed class Change
{
    public string Patient { get; set; } = "";
    [ColumnName("Before_ml")] public float Before { get; set; }
    [ColumnName("After_ml")] public float After { get; set; }
}
