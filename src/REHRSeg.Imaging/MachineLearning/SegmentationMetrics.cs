using Microsoft.ML;
using Microsoft.ML.Data;

namespace REHRSeg.Imaging;

/// <summary>Agreement of predicted with true label maps (METHOD.md section 11).</summary>
/// <param name="Cases">Every foreground class of every case.</param>
public sealed record SegmentationMetrics(IReadOnlyList<SegmentationScore> Cases)
{
    /// <summary>Mean of each foreground class over the cases where a measure is finite; NaN where there is none.</summary>
    public IReadOnlyList<(LabelClass Label, double Dice, double HausdorffDistance95)> Classes { get; } =
        [.. Cases.GroupBy(c => c.Label).OrderBy(g => g.Key.Value).Select(g => (g.Key, Mean(g.Select(c => c.Dice)), Mean(g.Select(c => c.HausdorffDistance95))))];

    /// <summary>DSC, 0 to 1: mean over the cases of the mean over their foreground classes.</summary>
    public double MeanDice => MeanOverCases(c => c.Dice);

    /// <summary>HD95 in mm: mean over the cases of the mean over their foreground classes; classes that the one map has and the other has not are left out.</summary>
    public double MeanHausdorffDistance95 => MeanOverCases(c => c.HausdorffDistance95);

    /// <summary>Scores of scored rows.</summary>
    internal static SegmentationMetrics Of(IDataView data, string labelColumn, string predictedColumn)
    {
        data.Schema.RequireVolume(labelColumn);
        data.Schema.RequireVolume(predictedColumn);
        var (label, predicted) = (data.Schema[labelColumn], data.Schema[predictedColumn]);
        var id = data.Schema.GetColumnOrNull("Id") is { Type: TextDataViewType } named ? named : (DataViewSchema.Column?)null;
        var names = LabelAnnotations.Read(label);
        using var cursor = data.GetRowCursor(id is { } i ? [label, predicted, i] : [label, predicted]);
        var (labels, predictions) = (cursor.GetGetter<MLVolume>(label), cursor.GetGetter<MLVolume>(predicted));
        var ids = id is { } column ? cursor.GetGetter<ReadOnlyMemory<char>>(column) : null;
        var scores = new List<SegmentationScore>();
        while (cursor.MoveNext())
        {
            ReadOnlyMemory<char> text = default;
            MLVolume? truth = null, prediction = null;
            ids?.Invoke(ref text);
            labels(ref truth!);
            predictions(ref prediction!);
            string name = text.IsEmpty ? $"row {cursor.Position}" : text.ToString();
            if (truth is null || prediction is null) throw new DatasetException($"Case {name}: column '{(truth is null ? labelColumn : predictedColumn)}' holds no volume, so there is nothing to score. Leave such rows out.");
            prediction.RequireSameGrid(truth, $"The prediction of case {name}", "its label map");
            scores.AddRange((names ?? Found(truth, prediction)).Where(c => c.Value != 0)
                .Select(c => new SegmentationScore(name, c, Metrics.Dice(prediction, truth, c.Value), Metrics.HausdorffDistance95(prediction, truth, c.Value))));
        }
        return new(scores);
    }

    static IEnumerable<LabelClass> Found(MLVolume a, MLVolume b)
    {
        var values = new SortedSet<float>();
        foreach (var volume in (MLVolume[])[a, b])
            foreach (float v in volume.Voxels) values.Add(v);
        return values.Select(v => new LabelClass((int)v, $"class {(int)v}"));
    }

    double MeanOverCases(Func<SegmentationScore, double> measure) => Mean(Cases.GroupBy(c => c.Id).Select(g => Mean(g.Select(measure))));

    static double Mean(IEnumerable<double> values) => values.Where(double.IsFinite).DefaultIfEmpty(double.NaN).Average();
}

/// <summary>How well one class of one case was found.</summary>
/// <param name="Id">Case.</param>
/// <param name="Label">Class.</param>
/// <param name="Dice">DSC, 0 to 1; NaN if both maps lack the class.</param>
/// <param name="HausdorffDistance95">HD95 in mm; NaN if both maps lack the class, +infinity if one does.</param>
public sealed record SegmentationScore(string Id, LabelClass Label, double Dice, double HausdorffDistance95);
