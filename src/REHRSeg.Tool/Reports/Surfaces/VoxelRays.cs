using System.Numerics;

namespace REHRSeg.Tool;

/// <summary>Where a ray meets a labelled voxel.</summary>
/// <param name="Point">mm.</param>
/// <param name="Label">Of the voxel.</param>
/// <param name="Face">Outward normal of the voxel's face.</param>
internal readonly record struct VoxelHit(Vector3 Point, int Label, Vector3 Face);

/// <summary>Rays through the voxels of a label map (Amanatides and Woo 1987).</summary>
internal sealed class VoxelRays(PlacedVolume label)
{
    readonly Vector3 _start = new((float)label.Start[0], (float)label.Start[1], (float)label.Start[2]);
    readonly Vector3 _spacing = new((float)label.Spacing(0), (float)label.Spacing(1), (float)label.Spacing(2));
    readonly int[] _size = [label.Size(0), label.Size(1), label.Size(2)];

    /// <summary>The first labelled voxel; null: there is none on the way.</summary>
    public VoxelHit? First(Vector3 from, Vector3 along)
    {
        Vector3 origin = (from - _start) / _spacing, step = along / _spacing;
        float enter = 0, leave = float.MaxValue;
        int face = 0;
        for (int a = 0; a < 3; a++)
        {
            if (MathF.Abs(step[a]) < 1e-9f)
            {
                if (origin[a] < 0 || origin[a] >= _size[a]) return null;
                continue;
            }
            float near = -origin[a] / step[a], far = (_size[a] - origin[a]) / step[a];
            if (near > far) (near, far) = (far, near);
            if (near > enter) (enter, face) = (near, a);
            leave = Math.Min(leave, far);
        }
        if (enter >= leave) return null;
        Span<int> at = stackalloc int[3], sign = stackalloc int[3];
        Span<float> next = stackalloc float[3], each = stackalloc float[3];
        for (int a = 0; a < 3; a++)
        {
            float position = origin[a] + enter * step[a];
            sign[a] = MathF.Sign(step[a]);
            at[a] = Math.Clamp(a == face ? sign[a] > 0 ? (int)MathF.Round(position) : (int)MathF.Round(position) - 1 : (int)MathF.Floor(position), 0, _size[a] - 1);
            each[a] = sign[a] == 0 ? float.MaxValue : 1 / MathF.Abs(step[a]);
            next[a] = sign[a] == 0 ? float.MaxValue : (at[a] + (sign[a] > 0 ? 1 : 0) - origin[a]) / step[a];
        }
        for (float t = enter; ;)
        {
            int value = At(at[0], at[1], at[2]);
            if (value != 0)
            {
                var normal = Vector3.Zero;
                normal[face] = -sign[face];
                return new(from + t * along, value, normal);
            }
            face = next[0] < next[1] ? next[0] < next[2] ? 0 : 2 : next[1] < next[2] ? 1 : 2;
            t = next[face];
            next[face] += each[face];
            at[face] += sign[face];
            if ((uint)at[face] >= (uint)_size[face]) return null;
        }
    }

    /// <summary>Mostly the direction to where a ball around the point is empty, with a share of the face's normal.</summary>
    public Vector3 Normal(VoxelHit hit, ReadOnlySpan<Vector3> ball, float radius)
    {
        var sum = Vector3.Zero;
        foreach (var direction in ball)
        {
            var p = (hit.Point + radius * direction - _start) / _spacing;
            int x = (int)MathF.Floor(p.X), y = (int)MathF.Floor(p.Y), z = (int)MathF.Floor(p.Z);
            if ((uint)x >= (uint)_size[0] || (uint)y >= (uint)_size[1] || (uint)z >= (uint)_size[2] || At(x, y, z) == 0) sum += direction;
        }
        return sum.LengthSquared() < 1e-6f ? hit.Face : Vector3.Normalize(Vector3.Normalize(sum) + 0.35f * hit.Face);
    }

    int At(int x, int y, int z) => (int)label.Volume.Voxels[(z * _size[1] + y) * _size[0] + x];
}
