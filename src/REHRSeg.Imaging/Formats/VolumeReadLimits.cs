namespace REHRSeg.Imaging;

/// <summary>Bounds that are checked against the file before memory is allocated.</summary>
public sealed record VolumeReadLimits
{
    /// <summary>Limits for files of ordinary clinical size.</summary>
    public static VolumeReadLimits Default { get; } = new();
    /// <summary>Voxels (all channels). Default 2^30.</summary>
    public long MaxVoxels { get; init; } = 1L << 30;
    /// <summary>Bytes of NIfTI header extensions, and of what NRRD's skips pass over. Default 16 MiB.</summary>
    public long MaxExtensionBytes { get; init; } = 16 << 20;
    /// <summary>Bytes of a text header (NRRD, MetaImage). Default 1 MiB.</summary>
    public int MaxHeaderBytes { get; init; } = 1 << 20;
}
