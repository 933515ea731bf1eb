using System.IO.Compression;

namespace REHRSeg.Imaging;

/// <summary>Begins a NIfTI file: little-endian, no extensions, no scaling, sform and qform alike.</summary>
static class NiftiWriter
{
    /// <summary>Writes the header; compressed if the name ends in <c>.gz</c>, in two files if its ending is <c>.hdr</c>.</summary>
    /// <exception cref="VolumeFormatException">A pair cannot be written to a stream.</exception>
    internal static VoxelWriter Create(VolumeOutput output, VoxelLayout layout, CompressionLevel compression, bool nifti2)
    {
        bool gzip = output.Name.EndsWith(".gz", StringComparison.OrdinalIgnoreCase);
        bool pair = (gzip ? output.Name[..^3] : output.Name).EndsWith(".hdr", StringComparison.OrdinalIgnoreCase);
        if (pair && output.IsStream) throw FormatProblem.Invalid(output.Name, "ending", ".hdr", "it needs two files, and a stream is one; name the stream .nii or .nii.gz");
        var header = Describe(layout, pair, nifti2);
        var bytes = new byte[header.Length + NiftiHeader.ExtensionFlagBytes];
        NiftiFields.Write(header, bytes);
        if (!pair)
        {
            var (content, end) = Packed(output.Create(output.Name), gzip, compression);
            content.Write(bytes);
            return new(output, layout, content, end);
        }
        string image = Path.Combine(Path.GetDirectoryName(output.Name) ?? "", VolumeFile.NameWithoutEnding(output.Name) + (gzip ? ".img.gz" : ".img"));
        var (voxels, endVoxels) = Packed(output.Create(image), gzip, compression);
        return new(output, layout, voxels, () =>
        {
            endVoxels();
            var (content, end) = Packed(output.Create(output.Name), gzip, compression);
            content.Write(bytes);
            end();
        });
    }

    static (Stream Content, Action End) Packed(Stream target, bool gzip, CompressionLevel compression)
    {
        if (!gzip) return (target, () => { });
        var packed = new ParallelGzipStream(target, compression);
        return (packed, packed.Dispose);
    }

    static NiftiHeader Describe(VoxelLayout layout, bool pair, bool nifti2)
    {
        bool single = !nifti2 && layout.Geometry.Size.Max() <= short.MaxValue && layout.Channels <= short.MaxValue;
        var (pixDim, quaternion, affine) = NiftiOrientation.FromGeometry(layout.Geometry, single);
        return new()
        {
            Version = single ? 1 : 2, IsPair = pair, Size = [.. layout.Geometry.Size], Channels = layout.Channels, DataType = layout.Stored.Type,
            PixDim = pixDim, Quaternion = quaternion, Affine = affine,
            VoxelOffset = pair ? 0 : (single ? NiftiHeader.Length1 : NiftiHeader.Length2) + NiftiHeader.ExtensionFlagBytes,
        };
    }
}
