using REHRSeg.Imaging;

namespace REHRSeg;

/// <summary>Options of <see cref="PseudoDataEstimator"/>. Copied when the estimator is made.</summary>
public sealed record PseudoDataOptions
{
    /// <summary>Column of the thick images that the thin ones were made from; its spacing tells the slice axis. May be missing from the data.</summary>
    public string ImageColumnName { get; init; } = "Image";
    /// <summary>Column of thin images.</summary>
    public string HrImageColumnName { get; init; } = "HrImage";
    /// <summary>Column of thin label maps.</summary>
    public string HrLabelColumnName { get; init; } = "HrLabel";
    /// <summary>Column of uncertainty maps.</summary>
    public string UncertaintyColumnName { get; init; } = "Uncertainty";
    /// <summary>Added column: pseudo thick images.</summary>
    public string PseudoImageColumnName { get; init; } = "PseudoImage";
    /// <summary>Added column: pseudo thick label maps.</summary>
    public string PseudoLabelColumnName { get; init; } = "PseudoLabel";
    /// <summary>Added column: the thin labels of a pseudo pair.</summary>
    public string PseudoHrLabelColumnName { get; init; } = "PseudoHrLabel";
    /// <summary>Added column: normalised uncertainty on the pseudo thick grid.</summary>
    public string PseudoUncertaintyColumnName { get; init; } = "PseudoUncertainty";
    /// <summary>Added column: start offset.</summary>
    public string StartColumnName { get; init; } = "Start";
    /// <summary>Thin slices per thick slice, r, at least 2; null: the self-SR model's.</summary>
    public int? Factor { get; init; }
    /// <summary>Slice axis; null: the one that self-SR used.</summary>
    public SliceAxis? Axis { get; init; }
    /// <summary>Slice profile, of the same factor; null: the one that the self-SR model was trained for, else Gaussian with FWHM r.</summary>
    public SliceProfile? Profile { get; init; }
    /// <summary>Start offsets, each 0 to r-1, one row for each; null: all r.</summary>
    public IReadOnlyList<int>? Starts { get; init; }
}
