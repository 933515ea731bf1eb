using REHRSeg.Imaging;

namespace REHRSeg.Tool;

/// <summary>The voxels around a structure, where a segmentation is decided; elsewhere nearly every one is right.</summary>
internal static class NearForeground
{
    /// <summary>Voxels between centres, along any axis of the grid whatever its spacing.</summary>
    public const int Reach = 3;

    /// <summary>1 within <see cref="Reach"/> voxels (Euclidean, counted on the grid) of a voxel that either map gives a label other than 0; 0 elsewhere.</summary>
    public static MLVolume Of(MLVolume prediction, MLVolume truth)
    {
        ReadOnlySpan<float> p = prediction.Voxels, t = truth.Voxels;
        var foreground = new bool[p.Length];
        for (int i = 0; i < foreground.Length; i++) foreground[i] = p[i] != 0 || t[i] != 0;
        float[] near = DistanceTransform.Squared(foreground, truth.Geometry.Size.AsSpan(), [1, 1, 1]);
        for (int i = 0; i < near.Length; i++) near[i] = near[i] <= Reach * Reach ? 1 : 0;
        return truth.WithVoxels(near);
    }

    /// <summary>1 where a label is wrong.</summary>
    public static MLVolume Wrong(MLVolume prediction, MLVolume truth)
    {
        var wrong = new float[truth.Geometry.VoxelCount];
        for (int i = 0; i < wrong.Length; i++) wrong[i] = prediction.Voxels[i] == truth.Voxels[i] ? 0 : 1;
        return truth.WithVoxels(wrong);
    }
}
