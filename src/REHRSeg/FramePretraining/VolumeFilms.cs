using System.Runtime.InteropServices;
using System.Security.Cryptography;
using REHRSeg.Imaging;
using REHRSeg.Onnx;

namespace REHRSeg;

/// <summary>Makes films of MR volumes: intensities in [0,1] by each channel's robust range, planes along the axes that <see cref="VolumeAxes"/> says. All stay in memory: 4 bytes a thick voxel and 4 a refined one.</summary>
internal static class VolumeFilms
{
    /// <summary>From this ratio of slice spacing to in-plane spacing on, a volume is refined before its in-plane axes are used.</summary>
    const double Thick = 1.5;

    /// <summary>Reads the volumes one by one.</summary>
    /// <exception cref="DatasetException">No volumes, a voxel is not finite, or no volume has enough planes for a clip.</exception>
    public static FrameSource Open(IEnumerable<(string Id, MLVolume Image)> volumes, FramePretrainingOptions options, TrainingContext context)
    {
        var films = new List<IFrameVideo>();
        var content = new List<string>();
        var ids = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (id, image) in volumes)
        {
            context.CancellationToken.ThrowIfCancellationRequested();
            ArgumentNullException.ThrowIfNull(image, nameof(volumes));
            if (!ids.Add(id)) throw new DatasetException($"The volume {id} was given twice.");
            if (image.FirstNotFinite() is { } strange) throw new DatasetException($"{id}: the image holds the value {strange}; every voxel must be finite. Repair or leave out the volume.");
            int before = films.Count;
            films.AddRange(Along(id, image, options).Where(v => options.Clip.Count(v.Frames) > 0));
            if (films.Count == before) context.Warn($"{id}: {image.Geometry} has no {options.Clip.Length} planes along {(options.VolumeAxes == VolumeAxes.All ? "any axis" : "its slice axis")}; it is left out.");
            else content.Add($"{id} {Convert.ToHexStringLower(SHA256.HashData(MemoryMarshal.AsBytes(image.Voxels)))}");
        }
        if (ids.Count == 0) throw new DatasetException("There are no volumes to train on.");
        if (films.Count == 0)
            throw new DatasetException($"None of {ids.Count} volume(s) has the {options.Clip.Length} planes that a clip takes{(options.VolumeAxes == VolumeAxes.Slice ? " along its slice axis" : "")}. Lower {nameof(FramePretrainingOptions.Outputs)} (now {options.Outputs}){(options.VolumeAxes == VolumeAxes.Slice ? $", set {nameof(VolumeAxes)} to All" : "")}, or give volumes with more slices.");
        int small = films.Count(v => v.Height < options.PatchSize || v.Width < options.PatchSize);
        if (small > 0) context.Log($"{small} of {films.Count} plane stacks are smaller than the patch of {options.PatchSize}; their border is repeated.");
        return FrameSource.Create(films, null, content, options);
    }

    /// <summary>All films of a volume, also those too short for a clip.</summary>
    internal static IEnumerable<VolumeVideo> Along(string id, MLVolume image, FramePretrainingOptions options)
    {
        var slice = options.Axis ?? image.Geometry.DetectSliceAxis() ?? SliceAxis.Z;
        double ratio = image.Geometry.SliceRatio(slice);
        for (int c = 0; c < image.Channels; c++)
        {
            string name = image.Channels > 1 ? $"{id} channel {c}" : id;
            var thick = new MLVolume(image.Geometry, Normalise(image.Channel(c), options));
            yield return Film(thick, slice);
            if (options.VolumeAxes == VolumeAxes.Slice) continue;
            var fine = ratio < Thick ? thick : Clamp(Resampler.RefineImage(thick, slice, (int)Math.Round(ratio)));
            foreach (var axis in Enum.GetValues<SliceAxis>().Where(a => a != slice)) yield return Film(fine, axis);

            VolumeVideo Film(MLVolume volume, SliceAxis axis) => new($"{name} along {axis}", id, volume.Memory, volume.Geometry.Size, axis);
        }
    }

    static float[] Normalise(ReadOnlySpan<float> voxels, FramePretrainingOptions options)
    {
        var range = IntensityRange.Measure(voxels, (options.RobustLow, options.RobustHigh));
        var result = new float[voxels.Length];
        for (int i = 0; i < result.Length; i++) result[i] = Math.Clamp(range.Normalise(voxels[i]), 0f, 1f);
        return result;
    }

    static MLVolume Clamp(MLVolume volume) => volume.WithVoxels(Array.ConvertAll(volume.Memory.ToArray(), v => Math.Clamp(v, 0f, 1f)));
}
