using REHRSeg.Imaging;

namespace REHRSeg.Onnx;

/// <summary>Columns of a segmentation transformer: labels, probabilities and uncertainty on both grids; null: not added.</summary>
internal sealed record SegmentationColumns(string Image, string? Lr, string? Hr, string? LrProbabilities, string? HrProbabilities, string? LrUncertainty = null, string? HrUncertainty = null)
{
    static readonly Func<SegmentationResult, MLVolume?>[] Parts = [r => r.Lr, r => r.Hr, r => r.LrProbabilities, r => r.HrProbabilities, r => r.LrUncertainty, r => r.HrUncertainty];
    const int NamesOfVersion1 = 4;

    string?[] Names => [Lr, Hr, LrProbabilities, HrProbabilities, LrUncertainty, HrUncertainty];

    /// <summary>The columns that a model can fill: if it cannot segment thin slices, those of the input's grid alone.</summary>
    public SegmentationColumns For(bool thin) => thin ? this : this with { Hr = null, HrProbabilities = null, HrUncertainty = null };

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
        var needed = request with { Lr = Wants(0) || Wants(2) || Wants(4), Hr = Wants(1) || Wants(3) || Wants(5), Probabilities = Wants(2) || Wants(3), Uncertainty = Wants(4) || Wants(5) };
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

    /// <summary>Reads what <see cref="Write"/> wrote; transformers of version 1 had no uncertainty.</summary>
    public static SegmentationColumns Read(BinaryReader reader, bool version1 = false)
    {
        string image = reader.ReadString();
        var names = new string?[Parts.Length];
        for (int i = 0; i < (version1 ? NamesOfVersion1 : names.Length); i++) names[i] = reader.ReadString() is { Length: > 0 } name ? name : null;
        return new(image, names[0], names[1], names[2], names[3], names[4], names[5]);
    }
}
