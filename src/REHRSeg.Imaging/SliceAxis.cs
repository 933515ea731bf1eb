namespace REHRSeg.Imaging;

/// <summary>An axis of the voxel grid, named by ITK's index order: X is the fastest in memory, Z the slowest.</summary>
public enum SliceAxis
{
    /// <summary>First index axis (array axis W).</summary>
    X = 0,
    /// <summary>Second index axis (array axis H).</summary>
    Y = 1,
    /// <summary>Third index axis (array axis D).</summary>
    Z = 2,
}
