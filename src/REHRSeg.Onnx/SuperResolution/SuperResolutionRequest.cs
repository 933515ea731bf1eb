using REHRSeg.Imaging;

namespace REHRSeg.Onnx;

/// <summary>How a self-SR model is applied to a volume.</summary>
public sealed record SuperResolutionRequest
{
    /// <summary>Slice axis; null: the axis of largest spacing, else the training's.</summary>
    public SliceAxis? Axis { get; init; }
    /// <summary>Views of each window that are averaged; null: as the model was trained to.</summary>
    public WindowEnsemble? Ensemble { get; init; }
    /// <summary>What is made to agree with the thick slices; null: as the model was trained to.</summary>
    public SliceConsistency? Consistency { get; init; }
    /// <summary>
    /// Larger planes (H*W, padded to multiples of 8) are computed in overlapping tiles of at most so many voxels, for memory: the network needs about
    /// 8 KB a voxel at width 64 (measured: 384 x 384 in 1.1 GB). Tiles differ from the whole plane by less than 1e-3 of the intensity range but for a few voxels in a million, and take about three times as long.
    /// </summary>
    public int TileVoxels { get; init; } = DefaultTileSide * DefaultTileSide;
    /// <summary>Receives the finished part, 0 to 1.</summary>
    public IProgress<double>? Progress { get; init; }

    /// <summary>Side of the largest square plane that is not divided by default.</summary>
    public const int DefaultTileSide = 400;
    /// <summary>Least <see cref="TileVoxels"/>: with smaller tiles little but overlap would remain.</summary>
    internal const int LeastTileVoxels = 128 * 128;

    internal static WindowEnsemble? Mirrored(bool? mirroring) => mirroring switch { null => null, true => WindowEnsemble.Mirror, false => WindowEnsemble.None };

    internal void Validate()
    {
        if (TileVoxels < LeastTileVoxels) throw new ArgumentException($"{nameof(TileVoxels)} is {TileVoxels}; it must be at least {LeastTileVoxels} (tiles of 128 x 128).");
        if (Ensemble is { } e && !Enum.IsDefined(e)) throw new ArgumentException($"{nameof(Ensemble)} is {e}; it must be None, Mirror or Full.");
    }
}
