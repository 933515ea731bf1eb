using REHRSeg.Imaging;

namespace REHRSeg.Tool;

/// <summary>The measures of one case.</summary>
internal static class UnitScoring
{
    /// <summary>DSC, HD95 (mm), volume and reference volume (mm³) of each foreground class, then DSC and HD95 as means over the classes that prediction or truth has: infinite where a class is missed or made up.</summary>
    public static IReadOnlyList<UnitScore> Labels(string grid, MLVolume prediction, MLVolume truth, IReadOnlyList<LabelClass> labels)
    {
        prediction.RequireSameGrid(truth, $"{grid} prediction", $"{grid} truth");
        var scores = new List<UnitScore>();
        foreach (var c in labels.Where(l => l.Value != 0))
        {
            var m = Metrics.Compare(prediction, truth, c.Value);
            scores.Add(new(grid, c.Name, "DSC", m.Dice));
            scores.Add(new(grid, c.Name, "HD95", m.HausdorffDistance95));
            double reference = Volume(truth, c.Value);
            scores.Add(new(grid, c.Name, "volume", reference + m.VolumeDifference));
            scores.Add(new(grid, c.Name, "reference volume", reference));
        }
        foreach (string measure in (string[])["DSC", "HD95"])
            scores.Add(new(grid, "mean", measure, scores.Where(s => s.Measure == measure && !double.IsNaN(s.Value)).Select(s => s.Value).DefaultIfEmpty(double.NaN).Average()));
        return scores;
    }

    /// <summary>PSNR and SSIM of a thin image.</summary>
    public static IEnumerable<UnitScore> Image(MLVolume image, MLVolume truth)
    {
        image.RequireSameGrid(truth, "thin image", "thin truth");
        yield return new("HR", "image", "PSNR", Metrics.Psnr(image, truth));
        yield return new("HR", "image", "SSIM", Metrics.Ssim(image, truth));
    }

    static double Volume(MLVolume label, int value)
    {
        long voxels = 0;
        foreach (float v in label.Voxels)
            if (v == value) voxels++;
        var spacing = label.Geometry.Spacing;
        return voxels * spacing[0] * spacing[1] * spacing[2];
    }
}
