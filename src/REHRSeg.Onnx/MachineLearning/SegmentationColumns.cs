using REHRSeg.Imaging;

namespace REHRSeg.Onnx;

/// <summary>Columns of a segmentation transformer: labels and probabilities on both grids; null: not added.</summary>
internal sealed record SegmentationColumns(string Image, string? Lr, string? Hr, string? LrProbabilities, string? HrProbabilities)
{
    static readonly Func<SegmentationResult, MLVolume?>[] Parts = [r => r.Lr, r => r.Hr, r => r.LrProbabilities, r => r.HrProbabilities];

    string?[] Names => [Lr, Hr, LrProbabilities, HrProbabilities];

    /// <summary>The columns that a model can fill: without HR head those of its own grid alone.</summary>
    public SegmentationColumns For(bool highResolution) => highResolution ? this : this with { Hr = null, HrProbabilities = null };

    public IReadOnlyList<string> Added => [.. Names.OfType<string>()];

    public void Check()
    {
        VolumeSchema.CheckNames([Image], Added);
        if (Added.Count == 0) throw new ArgumentException("All output column names are null; name at least one.");
    }

    /// <summary>Makes the row function of a transformer that adds these columns: one run computes what the wanted ones need.</summary>
    public Func<MLVolume?[]> MakeRowFunction(IReadOnlyList<bool> wanted, SegmentationRequest request, Func<MLVolume> image, Func<MLVolume, SegmentationRequest, SegmentationResult> segment)
    {
        int[] parts = [.. Enumerable.Range(0, Parts.Length).Where(p => Names[p] is not null)];
        bool Wants(int part) => Array.IndexOf(parts, part) is >= 0 and var added && wanted[added];
        var needed = request with { Lr = Wants(0) || Wants(2), Hr = Wants(1) || Wants(3), Probabilities = Wants(2) || Wants(3) };
        return () =>
        {
            var result = segment(image(), needed);
            return [.. parts.Select((part, added) => wanted[added] ? Parts[part](result) : null)];
        };
    }

    public void Write(BinaryWriter writer)
    {
        writer.Write(Image);
        foreach (string? name in Names) writer.Write(name ?? "");
    }

    public static SegmentationColumns Read(BinaryReader reader)
    {
        string Next() => reader.ReadString();
        string? Optional() => Next() is { Length: > 0 } name ? name : null;
        return new(Next(), Optional(), Optional(), Optional(), Optional());
    }
}
