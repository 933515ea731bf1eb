using System.Numerics;

namespace REHRSeg.Tool;

/// <summary>Where a surface is looked at from: parallel rays, the superior direction upwards.</summary>
/// <param name="Centre">Of the picture, mm.</param>
/// <param name="Width">Of the picture, mm.</param>
/// <param name="Height">Of the picture, mm.</param>
/// <param name="Depth">Extent along the rays, mm.</param>
/// <param name="Along">Direction of the rays.</param>
internal sealed record SurfaceCamera(Vector3 Centre, float Width, float Height, float Depth, Vector3 Along)
{
    /// <summary>
    /// Sees steps between slices: 30 degrees off a direction within the slices, 20 degrees from above; slices along the left-right or the superior axis are seen from the front,
    /// those along the anterior-posterior axis from the patient's left. The first volume is in the middle, and all of every volume is in the picture, unless that were more than
    /// twice as wide and high as the first alone.
    /// </summary>
    public static SurfaceCamera For(IReadOnlyList<PlacedVolume> labels, int sliceAxis)
    {
        float azimuth = 30 * MathF.PI / 180, elevation = 20 * MathF.PI / 180;
        Vector3 level = sliceAxis == 1 ? new(-MathF.Cos(azimuth), MathF.Sin(azimuth), 0) : new(-MathF.Sin(azimuth), MathF.Cos(azimuth), 0);
        var camera = new SurfaceCamera(default, 1, 1, 1, Vector3.Normalize(level * MathF.Cos(elevation) - Vector3.UnitZ * MathF.Sin(elevation)));
        var (right, up) = camera.Axes();
        var (low, high) = Extent(labels[0], right, up, camera.Along);
        Vector3 middle = (low + high) / 2, reach = (high - low) / 2;
        foreach (var label in labels.Skip(1))
        {
            var (from, to) = Extent(label, right, up, camera.Along);
            reach = Vector3.Max(reach, Vector3.Min(Vector3.Max(middle - from, to - middle), high - low));
        }
        return camera with { Centre = middle.X * right + middle.Y * up + middle.Z * camera.Along, Width = 2.1f * reach.X, Height = 2.1f * reach.Y, Depth = 2 * reach.Z };
    }

    /// <summary>The box of labelled voxels in the camera's axes; of the whole volume where there are none.</summary>
    static (Vector3 Low, Vector3 High) Extent(PlacedVolume label, Vector3 right, Vector3 up, Vector3 along)
    {
        Vector3 low = new(float.MaxValue), high = new(float.MinValue), start = Of(label.Start), spacing = new((float)label.Spacing(0), (float)label.Spacing(1), (float)label.Spacing(2));
        Vector3 half = new(Vector3.Dot(spacing, Vector3.Abs(right)) / 2, Vector3.Dot(spacing, Vector3.Abs(up)) / 2, Vector3.Dot(spacing, Vector3.Abs(along)) / 2);
        var voxels = label.Volume.Voxels;
        void Add(Vector3 index)
        {
            var p = start + (index + new Vector3(0.5f)) * spacing;
            Vector3 seen = new(Vector3.Dot(p, right), Vector3.Dot(p, up), Vector3.Dot(p, along));
            (low, high) = (Vector3.Min(low, seen - half), Vector3.Max(high, seen + half));
        }
        for (int i = 0; i < voxels.Length; i++)
            if (voxels[i] != 0) Add(new(i % label.Volume.Width, i / label.Volume.Width % label.Volume.Height, i / label.Volume.Width / label.Volume.Height));
        if (low.X > high.X)
            for (int corner = 0; corner < 8; corner++) Add(new((corner & 1) * (label.Size(0) - 1), (corner >> 1 & 1) * (label.Size(1) - 1), (corner >> 2) * (label.Size(2) - 1)));
        return (low, high);
    }

    /// <summary>Unit vectors to the right and to the top of the picture (x runs to the patient's left, y to posterior, z to superior).</summary>
    public (Vector3 Right, Vector3 Up) Axes()
    {
        var right = Vector3.Normalize(Vector3.Cross(Along, Vector3.UnitZ));
        return (right, Vector3.Cross(right, Along));
    }

    /// <summary>Pixels downwards of a picture that is this wide.</summary>
    public int Rows(int width) => Math.Max(1, (int)MathF.Round(width * Height / Width));

    static Vector3 Of(double[] v) => new((float)v[0], (float)v[1], (float)v[2]);
}
