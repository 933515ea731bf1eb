using REHRSeg.Onnx;

namespace REHRSeg;

/// <summary>One row of a transformed patch: for each voxel the box voxel below it and the distances from that. In-plane maps reuse a row for every slice and channel (METHOD.md 13.4 #6).</summary>
/// <param name="grid">Where the patch lies.</param>
/// <param name="corner">First voxel of the box.</param>
/// <param name="box">D, H, W of the box.</param>
/// <param name="before">Taps below the voxel below.</param>
/// <param name="after">Taps above it.</param>
internal sealed class PatchRow(PatchGrid grid, PatchCorner corner, PatchShape box, int before, int after)
{
    /// <summary>Index of the first tap, in the box or (in-plane maps) in its slice; -1: taps lie outside the box.</summary>
    public int[] First { get; } = new int[grid.Patch.Width];
    /// <summary>Distance above the voxel below along D.</summary>
    public float[] Z { get; } = new float[grid.Patch.Width];
    /// <summary>Distance above the voxel below along H.</summary>
    public float[] Y { get; } = new float[grid.Patch.Width];
    /// <summary>Distance above the voxel below along W.</summary>
    public float[] X { get; } = new float[grid.Patch.Width];

    /// <summary>Moves to row (z, y) of the patch.</summary>
    public void Move(int z, int y)
    {
        // The map is linear: a row is a straight line.
        var (az, ay, ax) = grid.At(z, y, 0);
        var (bz, by, bx) = grid.At(z, y, 1);
        var (stepZ, stepY, stepX) = (bz - az, by - ay, bx - ax);
        for (int i = 0; i < First.Length; i++)
        {
            double atZ = az + i * stepZ, atY = ay + i * stepY, atX = ax + i * stepX;
            double floorZ = Math.Floor(atZ), floorY = Math.Floor(atY), floorX = Math.Floor(atX);
            int firstZ = grid.Map.InPlane ? 0 : (int)floorZ - before - corner.Depth, firstY = (int)floorY - before - corner.Height, firstX = (int)floorX - before - corner.Width;
            int taps = before + after;
            bool outside = firstY < 0 || firstY + taps >= box.Height || firstX < 0 || firstX + taps >= box.Width || !grid.Map.InPlane && (firstZ < 0 || firstZ + taps >= box.Depth);
            First[i] = outside ? -1 : (firstZ * box.Height + firstY) * box.Width + firstX;
            (Z[i], Y[i], X[i]) = ((float)(atZ - floorZ), (float)(atY - floorY), (float)(atX - floorX));
        }
    }
}
