namespace REHRSeg.Imaging;

/// <summary>One step of keep-largest-component post-processing: of these labels together only the largest connected component stays, the rest becomes background.</summary>
/// <param name="Label">The label value, not 0; null: the whole foreground, all labels together.</param>
public readonly record struct LargestComponentRule(int? Label)
{
    /// <summary>The rule for the whole foreground.</summary>
    public static LargestComponentRule Foreground => default;

    /// <summary>"foreground" or "label N".</summary>
    public override string ToString() => Label is { } label ? FormattableString.Invariant($"label {label}") : "foreground";
}
