using System.Numerics.Tensors;

namespace REHRSeg.Imaging;

/// <summary>One patient or examination: image channel files and the label file.</summary>
/// <param name="Id">Case identifier, for example <c>hippocampus_001</c>.</param>
/// <param name="ImageFiles">One file per channel (or one file with all channels).</param>
/// <param name="LabelFile">Label map, or null.</param>
public sealed record MedicalCase(string Id, IReadOnlyList<string> ImageFiles, string? LabelFile)
{
    /// <summary>Reads the image: channels on one grid, all voxels finite.</summary>
    /// <exception cref="VolumeFormatException">A file is damaged or holds NaN or infinity.</exception>
    /// <exception cref="GeometryMismatchException">Channels on different grids.</exception>
    public MLVolume ReadImage(VolumeReadLimits? limits = null)
    {
        var parts = ImageFiles.Select(file => ReadFinite(file, limits)).ToArray();
        if (parts.Length == 1) return parts[0];
        for (int i = 1; i < parts.Length; i++) parts[0].RequireSameGrid(parts[i], ImageFiles[0], ImageFiles[i]);
        var voxels = new float[parts.Sum(p => p.Voxels.Length)];
        int at = 0;
        foreach (var part in parts)
        {
            part.Voxels.CopyTo(voxels.AsSpan(at));
            at += part.Voxels.Length;
        }
        return parts[0].WithVoxels(voxels, parts.Sum(p => p.Channels));
    }

    /// <summary>Reads the label map; every value must be one of <paramref name="labels"/>.</summary>
    /// <exception cref="DatasetException">There is no label file, or a voxel's value is not named in dataset.json.</exception>
    /// <exception cref="VolumeFormatException">The file is damaged or has several channels.</exception>
    public MLVolume ReadLabel(IReadOnlyList<LabelClass> labels, VolumeReadLimits? limits = null) => ReadLabel(labels, limits, out _);

    /// <summary>Reads image and label map and checks that they lie on one grid.</summary>
    /// <exception cref="VolumeFormatException">A file is damaged or holds NaN or infinity.</exception>
    /// <exception cref="GeometryMismatchException">Image channels and label lie on different grids.</exception>
    /// <exception cref="DatasetException">There is no label file, or a voxel's value is not named in dataset.json.</exception>
    public (MLVolume Image, MLVolume Label) ReadPair(IReadOnlyList<LabelClass> labels, VolumeReadLimits? limits = null)
    {
        var image = ReadImage(limits);
        var label = ReadLabel(labels, limits);
        image.RequireSameGrid(label, ImageFiles[0], LabelFile!);
        return (image, label);
    }

    /// <summary>As the public overload; <paramref name="counts"/> receives the voxels of each value that occurs.</summary>
    internal MLVolume ReadLabel(IReadOnlyList<LabelClass> labels, VolumeReadLimits? limits, out SortedDictionary<int, long> counts)
    {
        ArgumentNullException.ThrowIfNull(labels);
        if (LabelFile is null) throw new DatasetException($"Case {Id} has no label file; add it to labelsTr, or remove the case.");
        var volume = VolumeFile.Read(LabelFile, limits);
        if (volume.Channels > 1) throw new VolumeFormatException($"{LabelFile}: a label map has one channel, not {volume.Channels}; write one integer label a voxel.");
        float[]? rounded = null;
        var voxels = volume.Voxels;
        counts = [];
        int run = 0, runValue = 0;
        for (int i = 0; i < voxels.Length; i++)
        {
            float value = voxels[i], integer = MathF.Round(value);
            if (!(MathF.Abs(value - integer) < 1e-3f) || MathF.Abs(integer) > 1e9f)
                throw new DatasetException(FormattableString.Invariant($"{LabelFile}: voxel (x, y, z) = {Position(volume, i)} is {value}; labels are integers, so export the label map without interpolation."));
            if (value != integer) (rounded ??= voxels.ToArray())[i] = integer;
            if ((int)integer == runValue) run++;
            else
            {
                counts[runValue] = counts.GetValueOrDefault(runValue) + run;
                (run, runValue) = (1, (int)integer);
            }
        }
        counts[runValue] = counts.GetValueOrDefault(runValue) + run;
        if (counts[0] == 0) counts.Remove(0);
        var unnamed = counts.Where(c => labels.All(l => l.Value != c.Key)).ToArray();
        if (unnamed.Length > 0)
            throw new DatasetException($"{LabelFile}: {string.Join(" and ", unnamed.Select(c => $"{c.Value} voxel(s) have the label {c.Key}"))}, which dataset.json does not name (known: {string.Join(", ", labels.Select(l => $"{l.Value} {l.Name}"))}); name it there or correct the label map.");
        return rounded is null ? volume : volume.WithVoxels(rounded);
    }

    static MLVolume ReadFinite(string file, VolumeReadLimits? limits)
    {
        var volume = VolumeFile.Read(file, limits);
        if (TensorPrimitives.IsFiniteAll(volume.Voxels)) return volume;
        int first = -1, count = 0;
        for (int i = 0; i < volume.Voxels.Length; i++)
            if (!float.IsFinite(volume.Voxels[i]) && count++ == 0) first = i;
        throw new VolumeFormatException(FormattableString.Invariant($"{file}: voxel (x, y, z) = {Position(volume, first)} is {volume.Voxels[first]} ({count} voxel(s) are not finite); replace them, for example by 0, or remove the case."));
    }

    static string Position(MLVolume volume, int at) => $"({at % volume.Width}, {at / volume.Width % volume.Height}, {at / volume.Width / volume.Height % volume.Depth})";
}
