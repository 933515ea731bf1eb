using System.Collections.Immutable;
using System.Text.Json.Serialization;
using REHRSeg.Imaging;
using REHRSeg.Onnx;

namespace REHRSeg;

/// <summary>
/// Intensities of one channel inside the annotated structures of all cases, under the names of nnU-Net's <c>foreground_intensity_properties_per_channel</c>.
/// nnU-Net normalises CT with them; MR is z-scored case by case, so here they only describe the data.
/// </summary>
internal sealed record IntensityProperties
{
    [JsonPropertyName("mean")] public required double Mean { get; init; }
    [JsonPropertyName("median")] public required double Median { get; init; }
    [JsonPropertyName("std")] public required double StandardDeviation { get; init; }
    [JsonPropertyName("min")] public required double Minimum { get; init; }
    [JsonPropertyName("max")] public required double Maximum { get; init; }
    [JsonPropertyName("percentile_00_5")] public required double Percentile005 { get; init; }
    [JsonPropertyName("percentile_99_5")] public required double Percentile995 { get; init; }

    /// <summary>Of some values; ddof 0, percentiles with linear interpolation, as numpy.</summary>
    public static IntensityProperties Of(float[] values)
    {
        double[] sorted = Array.ConvertAll(values, v => (double)v);
        Array.Sort(sorted);
        double mean = sorted.Average(), squares = sorted.Sum(v => (v - mean) * (v - mean));
        return new()
        {
            Mean = mean, StandardDeviation = Math.Sqrt(squares / sorted.Length), Minimum = sorted[0], Maximum = sorted[^1],
            Median = DatasetFingerprint.PercentileOfSorted(sorted, 0.5), Percentile005 = DatasetFingerprint.PercentileOfSorted(sorted, 0.005), Percentile995 = DatasetFingerprint.PercentileOfSorted(sorted, 0.995),
        };
    }
}

/// <summary>The foreground voxels of one case that a fingerprint keeps.</summary>
internal static class ForegroundSample
{
    /// <summary>Voxels of a channel that a fingerprint keeps in all. (nnU-Net: 1e8; a tenth gives the same numbers to a few thousandths of a standard deviation.)</summary>
    const int Total = 10_000_000;

    /// <summary>Most voxels of one case, of so many.</summary>
    public static int Limit(int cases) => Math.Max(1000, Total / Math.Max(1, cases));

    /// <summary>Each channel's intensities where the label is above 0: all of them, or a random choice with replacement of <paramref name="limit"/>.</summary>
    /// <returns>One array a channel, of the same voxels; empty without foreground.</returns>
    public static ImmutableArray<float[]> Draw(MLVolume image, MLVolume label, int limit, SeededRandom random)
    {
        var labels = label.Voxels;
        List<int> foreground = [];
        for (int i = 0; i < labels.Length; i++) if (labels[i] > 0) foreground.Add(i);
        if (foreground.Count == 0) return [];
        int[] chosen = foreground.Count <= limit ? [.. foreground] : [.. Enumerable.Range(0, limit).Select(_ => foreground[random.Next(0, foreground.Count)])];
        return [.. Enumerable.Range(0, image.Channels).Select(c =>
        {
            var voxels = image.Channel(c);
            var values = new float[chosen.Length];
            for (int i = 0; i < values.Length; i++) values[i] = voxels[chosen[i]];
            return values;
        })];
    }
}
