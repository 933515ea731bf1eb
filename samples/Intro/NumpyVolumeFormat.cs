using System.IO.Compression;
using REHRSeg.Imaging;

namespace Intro;

/// <summary>
/// Volumes in a NumPy archive: <c>np.savez_compressed("x.npz", voxels=v, spacing=s, origin=o, direction=d)</c> with voxels <c>[D, H, W]</c> or <c>[C, D, H, W]</c>, spacing in mm
/// along x, y, z, and origin (mm) and 3x3 direction in the LPS sense of ITK and SimpleITK; the last two may be absent.
/// </summary>
sealed class NumpyVolumeFormat : IVolumeFormat
{
    public IReadOnlyList<string> Endings { get; } = [".npz"];

    public MLVolume Read(string path, VolumeReadLimits limits) => Open(path, archive =>
    {
        var (geometry, channels) = Describe(archive, path, limits);
        return new MLVolume(geometry, NumpyArray.Read<float>(archive, "voxels", path, limits.MaxVoxels), channels);
    });

    public VolumeGeometry ReadGeometry(string path, VolumeReadLimits limits) => Open(path, archive => Describe(archive, path, limits).Geometry);

    public void Write(MLVolume volume, string path, VolumeDataType dataType)
    {
        using var archive = ZipFile.Open(path, ZipArchiveMode.Create);
        var g = volume.Geometry;
        int[] shape = volume.Channels == 1 ? [g.Depth, g.Height, g.Width] : [volume.Channels, g.Depth, g.Height, g.Width];
        NumpyArray.Write(archive, "voxels", shape, volume.Voxels, dataType);
        NumpyArray.Write(archive, "spacing", [3], g.Spacing.AsSpan(), VolumeDataType.Float64);
        NumpyArray.Write(archive, "origin", [3], g.Origin.AsSpan(), VolumeDataType.Float64);
        NumpyArray.Write(archive, "direction", [3, 3], g.Direction.AsSpan(), VolumeDataType.Float64);
    }

    static T Open<T>(string path, Func<ZipArchive, T> read)
    {
        try
        {
            using var archive = ZipFile.OpenRead(path);
            return read(archive);
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException)                  // of the zip; VolumeFormatException passes
        {
            throw new VolumeFormatException($"{path}: this is no NumPy archive, or it is damaged ({e.Message.TrimEnd('.')}); save it again with np.savez_compressed.", e);
        }
    }

    static (VolumeGeometry Geometry, int Channels) Describe(ZipArchive archive, string path, VolumeReadLimits limits)
    {
        int[] shape = NumpyArray.ReadShape(archive, "voxels", path, limits.MaxVoxels);
        if (shape.Length is not (3 or 4)) throw new VolumeFormatException($"{path}: voxels has {shape.Length} axes; save it as [D, H, W] or [C, D, H, W].");
        double[] Numbers(string name) => archive.GetEntry(name + ".npy") is null ? [] : NumpyArray.Read<double>(archive, name, path, 9);
        try
        {
            return (new([shape[^1], shape[^2], shape[^3]], Numbers("spacing"), Numbers("origin"), Numbers("direction")), shape.Length == 4 ? shape[0] : 1);
        }
        catch (ArgumentException e)
        {
            throw new VolumeFormatException($"{path}: {e.Message}", e);
        }
    }
}
