using System.Diagnostics;
using REHRSeg.Imaging;

namespace REHRSeg.Fuzz;

/// <summary>
/// What is fuzzed: one input read as a stream, as slabs, and through the geometry alone. A finding is any exception but
/// <see cref="VolumeFormatException"/>, more memory than the limits allow, more time than a small input may take, two ways of reading that differ, or a
/// volume that does not come back alike after it was written.
/// </summary>
static class Target
{
    const long MostBytes = 96L << 20;
    static readonly TimeSpan s_longest = TimeSpan.FromSeconds(5);
    static readonly VolumeReadLimits s_limits = new() { MaxVoxels = 1 << 20, MaxExtensionBytes = 1 << 16, MaxHeaderBytes = 1 << 16 };

    internal static Action<byte[]> Of(string format) => format switch
    {
        "nifti" => bytes => Run(new NiftiFormat(), "x.nii", bytes),
        "nrrd" => bytes => Run(new NrrdFormat(), "x.nrrd", bytes),
        "metaimage" => bytes => Run(new MetaImageFormat(), "x.mha", bytes),
        _ => throw new ArgumentException($"There is no format {format}; known are nifti, nrrd, metaimage."),
    };

    static void Run(IVolumeFormat format, string name, byte[] bytes)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        var clock = Stopwatch.StartNew();
        var volume = Read(name, bytes);
        var slabs = ReadSlabs(name, bytes);
        if ((volume is null) != (slabs is null)) throw new InvalidOperationException("Whole and slabs disagree whether the file is good.");
        if (volume is not null && !volume.Voxels.SequenceEqual(slabs, Comparer)) throw new InvalidOperationException("Whole and slabs differ.");
        if (volume is not null) RequireRoundTrip(format, name, volume);
        if (GC.GetAllocatedBytesForCurrentThread() - before > MostBytes) throw new InvalidOperationException($"{GC.GetAllocatedBytesForCurrentThread() - before} bytes were allocated for {bytes.Length}.");
        if (clock.Elapsed > s_longest) throw new InvalidOperationException($"{clock.Elapsed} for {bytes.Length} bytes.");
    }

    /// <summary>As a whole, the format told by the content.</summary>
    static MLVolume? Read(string name, byte[] bytes)
    {
        try
        {
            return VolumeFile.Read(new MemoryStream(bytes), name, s_limits);
        }
        catch (VolumeFormatException)
        {
            return null;
        }
    }

    /// <summary>In slabs of one slice.</summary>
    static float[]? ReadSlabs(string name, byte[] bytes)
    {
        try
        {
            using var reader = VolumeFile.OpenRead(new MemoryStream(bytes), name, s_limits);
            int plane = reader.Geometry.Width * reader.Geometry.Height;
            var voxels = new List<float>();
            var slice = new float[plane];
            while (reader.ReadSlices(slice) > 0) voxels.AddRange(slice);
            return [.. voxels];
        }
        catch (VolumeFormatException)
        {
            return null;
        }
    }

    static void RequireRoundTrip(IVolumeFormat format, string name, MLVolume volume)
    {
        using var stream = new MemoryStream();
        using (var writer = format.OpenWrite(stream, name, volume.Geometry, volume.Channels, VolumeDataType.Float32))
        {
            writer.WriteSlices(volume.Memory);
            writer.Complete();
        }
        stream.Position = 0;
        var back = Read(name, stream.ToArray()) ?? throw new InvalidOperationException("What was written is not read.");
        if (!volume.Voxels.SequenceEqual(back.Voxels, Comparer)) throw new InvalidOperationException("Voxels do not come back.");
        if (!volume.Geometry.Size.SequenceEqual(back.Geometry.Size)) throw new InvalidOperationException("The size does not come back.");
    }

    static readonly IEqualityComparer<float> Comparer = EqualityComparer<float>.Create((a, b) => BitConverter.SingleToInt32Bits(a) == BitConverter.SingleToInt32Bits(b) || (float.IsNaN(a) && float.IsNaN(b)));
}
