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
        string voxelFile = pair ? Path.Combine(Path.GetDirectoryName(output.Name) ?? "", VolumeFile.NameWithoutEnding(output.Name) + (gzip ? ".img.gz" : ".img")) : output.Name;
        var target = output.Create(voxelFile);
        var content = gzip ? new ParallelGzipStream(target, compression) : target;
        return new(output, layout, pair ? new([], content, content, target, WriteHeader) : new(bytes, content, content, target));

        async ValueTask WriteHeader(bool async, CancellationToken cancel)
        {
            var headerTarget = output.Create(output.Name);
            var header = gzip ? new ParallelGzipStream(headerTarget, compression) : headerTarget;
            await header.WriteSome(bytes, async, cancel).ConfigureAwait(false);
            if (gzip && async) await header.DisposeAsync().ConfigureAwait(false);
            else if (gzip) header.Dispose();
        }
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
