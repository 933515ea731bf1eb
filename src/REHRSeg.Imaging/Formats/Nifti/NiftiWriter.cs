using System.Buffers;
using System.IO.Compression;

namespace REHRSeg.Imaging;

/// <summary>Writes one NIfTI-1 file: little-endian, no extensions, no scaling, sform and qform alike.</summary>
static class NiftiWriter
{
    const int BlockVoxels = 1 << 16;

    /// <summary>Writes <paramref name="volume"/>; compressed if the name ends in <c>.gz</c>.</summary>
    /// <exception cref="VolumeFormatException">A value does not fit, or an axis is longer than a NIfTI-1 header can say.</exception>
    internal static void Write(MLVolume volume, string path, VolumeDataType dataType, CompressionLevel compression)
    {
        var header = Describe(volume, dataType);
        using var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 1 << 16);
        Write(volume, header, file, path, dataType, compression);
    }

    /// <summary>The same into a stream, which stays open.</summary>
    /// <exception cref="VolumeFormatException">A value does not fit, or an axis is longer than a NIfTI-1 header can say.</exception>
    internal static void Write(MLVolume volume, Stream stream, string name, VolumeDataType dataType, CompressionLevel compression)
        => Write(volume, Describe(volume, dataType), stream, name, dataType, compression);

    static void Write(MLVolume volume, NiftiHeader header, Stream stream, string name, VolumeDataType dataType, CompressionLevel compression)
    {
        using var gzip = name.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? new GZipStream(stream, compression, leaveOpen: true) : null;
        Stream content = gzip ?? stream;
        var block = ArrayPool<byte>.Shared.Rent(BlockVoxels * 8);
        try
        {
            var head = block.AsSpan(0, NiftiHeader.MinVoxelOffset);
            head.Clear();
            header.WriteTo(head);
            content.Write(head);
            for (int done = 0; done < volume.Voxels.Length; done += BlockVoxels)
            {
                var values = volume.Voxels[done..Math.Min(done + BlockVoxels, volume.Voxels.Length)];
                var bytes = block.AsSpan(0, values.Length * header.DataType.Bytes());
                if (!NiftiVoxels.TryEncode(values, bytes, dataType)) throw DoesNotFit(volume, done, dataType);
                content.Write(bytes);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(block);
        }
    }

    static NiftiHeader Describe(MLVolume volume, VolumeDataType dataType)
    {
        if (volume.Geometry.Size.Max() > short.MaxValue || volume.Channels > short.MaxValue)
            throw new VolumeFormatException($"dim would be {string.Join(" x ", volume.Geometry.Size)} x {volume.Channels}, but NIfTI-1 axes have at most {short.MaxValue} voxels; crop or split the volume.");
        var (pixDim, quaternion, affine) = NiftiOrientation.FromGeometry(volume.Geometry);
        return new() { Size = [.. volume.Geometry.Size], Channels = volume.Channels, DataType = NiftiDataTypes.Of(dataType), PixDim = pixDim, Quaternion = quaternion, Affine = affine };
    }

    static VolumeFormatException DoesNotFit(MLVolume volume, int from, VolumeDataType dataType)
    {
        int at = from;
        while (NiftiVoxels.Fits(volume.Voxels[at], dataType)) at++;
        int x = at % volume.Width, y = at / volume.Width % volume.Height, z = at / volume.Width / volume.Height % volume.Depth;
        return new(FormattableString.Invariant($"voxel (x, y, z) = ({x}, {y}, {z}) is {volume.Voxels[at]}, which {dataType} cannot hold; write Float32, or rescale the volume first."));
    }
}
