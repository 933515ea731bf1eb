using System.Numerics;

namespace REHRSeg.Imaging;

/// <summary>An ellipsoid in the normalised volume [-1, 1]³.</summary>
/// <param name="Centre">Centre.</param>
/// <param name="Radii">Half axes.</param>
/// <param name="Rotation">From the ellipsoid's own axes to the volume's.</param>
readonly record struct Ellipsoid(Vector3 Centre, Vector3 Radii, Quaternion Rotation)
{
    /// <summary>About the distance from <paramref name="p"/> to the surface, positive inside.</summary>
    public float Depth(Vector3 p)
    {
        var q = Vector3.Transform(p - Centre, Quaternion.Conjugate(Rotation)) / Radii;
        return (1 - q.Length()) * Math.Min(Radii.X, Math.Min(Radii.Y, Radii.Z));
    }
}
