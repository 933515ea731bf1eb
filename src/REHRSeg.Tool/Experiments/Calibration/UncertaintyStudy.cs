using REHRSeg.Imaging;

namespace REHRSeg.Tool;

/// <summary>What <see cref="UncertaintyStudy"/> found.</summary>
/// <param name="Cases">Annotated held-out cases.</param>
/// <param name="Regions">"all" voxels, and those "near" a structure (<see cref="NearForeground"/>).</param>
internal sealed record UncertaintyResult(int Cases, IReadOnlyList<RegionUncertainty> Regions);

/// <summary>One region.</summary>
/// <param name="Region">"all" or "near".</param>
/// <param name="Voxels">Counted.</param>
/// <param name="Wrong">Voxels whose super-resolved label is wrong.</param>
/// <param name="LabelAuroc">Area under the ROC curve of U for those, over all cases together; null: none or all are wrong.</param>
/// <param name="ImageSpearman">Mean over cases of the rank correlation of U and |super-resolved - true intensity|; null: there are no images.</param>
internal sealed record RegionUncertainty(string Region, long Voxels, long Wrong, double? LabelAuroc, double? ImageSpearman);

/// <summary>Does self-SR's uncertainty U point at the voxels that self-SR has got wrong? Takes one held-out case after another, in the memory of one.</summary>
internal sealed class UncertaintyStudy
{
    readonly (string Name, RocCurve Curve, List<double> Correlations)[] _regions = [("all", new(), []), ("near", new(), [])];
    int _cases;

    /// <summary>Takes one case; all volumes lie on the thin grid.</summary>
    /// <param name="superResolvedLabel">Self-SR's labels.</param>
    /// <param name="truth">True thin labels.</param>
    /// <param name="uncertainty">U.</param>
    /// <param name="superResolvedImage">Self-SR's image, one channel; null: labels alone are looked at.</param>
    /// <param name="trueImage">The true thin image.</param>
    public void Add(MLVolume superResolvedLabel, MLVolume truth, MLVolume uncertainty, MLVolume? superResolvedImage = null, MLVolume? trueImage = null)
    {
        superResolvedLabel.RequireSameGrid(truth, "The super-resolved labels", "the true labels");
        if ((superResolvedImage is null) != (trueImage is null)) throw new ArgumentException("Give both images, or none.", nameof(trueImage));
        MLVolume near = NearForeground.Of(superResolvedLabel, truth), wrong = NearForeground.Wrong(superResolvedLabel, truth);
        float[]? error = superResolvedImage is null ? null : AbsoluteError(superResolvedImage, trueImage!);
        foreach (var (name, curve, correlations) in _regions)
        {
            bool all = name == "all";
            curve.Add(uncertainty, wrong, all ? null : near);
            if (error is null) continue;
            uncertainty.RequireSameGrid(superResolvedImage!, "The uncertainty", "the super-resolved image");
            double rho = all ? RankCorrelation.Spearman(uncertainty.Memory.ToArray(), error) : RankCorrelation.Spearman(Inside(uncertainty.Voxels, near), Inside(error, near));
            if (double.IsFinite(rho)) correlations.Add(rho);
        }
        _cases++;
    }

    public UncertaintyResult Finish() => new(_cases, [.. _regions.Select(r => new RegionUncertainty(r.Name, r.Curve.Positives + r.Curve.Negatives, r.Curve.Positives, RegionStudy.Area(r.Curve), r.Correlations.Count > 0 ? r.Correlations.Average() : null))]);

    static float[] AbsoluteError(MLVolume image, MLVolume truth)
    {
        image.RequireSameGrid(truth, "The super-resolved image", "the true image");
        if (image.Channels != truth.Channels) throw new ArgumentException($"The super-resolved image has {image.Channels} channel(s), the true one {truth.Channels}.", nameof(image));
        var error = new float[image.Geometry.VoxelCount];
        for (int i = 0; i < image.Voxels.Length; i++) error[i % error.Length] += Math.Abs(image.Voxels[i] - truth.Voxels[i]);
        return error;
    }

    static float[] Inside(ReadOnlySpan<float> values, MLVolume region)
    {
        var inside = new List<float>();
        for (int i = 0; i < values.Length; i++) if (region.Voxels[i] != 0) inside.Add(values[i]);
        return [.. inside];
    }
}
