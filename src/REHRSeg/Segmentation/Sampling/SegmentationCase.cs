using System.Collections.Immutable;
using REHRSeg.Onnx;

namespace REHRSeg;

/// <summary>One preprocessed volume to draw patches from: slice axis first, cropped, z-scored, at the plan's spacing.</summary>
internal sealed record SegmentationCase
{
    /// <summary>Case identifier, for messages.</summary>
    public required string Id { get; init; }
    /// <summary>D, H, W.</summary>
    public required PatchShape Shape { get; init; }
    /// <summary>Image channels C.</summary>
    public required int Channels { get; init; }
    /// <summary>Z-scored image, <c>C x D x H x W</c>.</summary>
    public required CaseArray<float> Image { get; init; }
    /// <summary>Class indices on the thick grid, <c>D x H x W</c>.</summary>
    public required CaseArray<byte> Label { get; init; }
    /// <summary>Thin slices per thick slice, r.</summary>
    public required int Factor { get; init; }
    /// <summary>Class indices on the thin grid, <c>rD x H x W</c>; null: a real case.</summary>
    public CaseArray<byte>? HrLabel { get; init; }
    /// <summary>Normalised uncertainty of eq. 7 on the thick grid, in [0, 1]; null: a real case.</summary>
    public CaseArray<float>? Uncertainty { get; init; }
    /// <summary>Maps each z-scored channel to the [0,1] of the self-SR teacher: its robust range over the volume as the self-SR stage sees it.</summary>
    public ImmutableArray<UnitRange> UnitRanges { get; init; } = [];
    /// <summary>Voxel indices (into <c>D x H x W</c>) of each foreground class that occurs.</summary>
    public required ImmutableArray<CaseArray<int>> Foreground { get; init; }

    /// <summary>
    /// Foreground coordinates per class as nnU-Net stores them: a random choice of 10,000 voxels, or of 1 % where that is more
    /// (METHOD.md section 7); classes that do not occur are left out.
    /// </summary>
    public static ImmutableArray<CaseArray<int>> FindForeground(ReadOnlySpan<byte> label, int classes, SeededRandom random)
    {
        var voxels = new List<int>[classes];
        for (int c = 1; c < classes; c++) voxels[c] = [];
        for (int i = 0; i < label.Length; i++) if (label[i] != 0) voxels[label[i]].Add(i);
        var result = ImmutableArray.CreateBuilder<CaseArray<int>>();
        foreach (var found in voxels.Skip(1))
        {
            if (found.Count == 0) continue;
            int kept = Math.Min(found.Count, Math.Max(10_000, (found.Count + 99) / 100));
            int[] all = [.. found];
            for (int i = 0; i < kept && kept < all.Length; i++)
            {
                int j = random.Next(i, all.Length);
                (all[i], all[j]) = (all[j], all[i]);
            }
            result.Add(all[..kept]);
        }
        return result.ToImmutable();
    }
}

/// <summary><c>unit = Scale * z + Offset</c>: from a z-scored intensity to [0,1] of a robust range.</summary>
internal readonly record struct UnitRange(float Scale, float Offset);
