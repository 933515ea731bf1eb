namespace REHRSeg.Imaging;

/// <summary>
/// A folder of cases with <c>dataset.json</c>: Medical Segmentation Decathlon (a <c>training</c> list) or nnU-Net v2 raw
/// (<c>imagesTr/CASE_0000.nii.gz</c>, <c>labelsTr/CASE.nii.gz</c>, <c>channel_names</c>).
/// </summary>
public sealed class MedicalDataset
{
    internal MedicalDataset(string directory, string name, IReadOnlyList<LabelClass> labels, IReadOnlyList<string> channelNames, IReadOnlyList<MedicalCase> cases)
        => (Directory, Name, Labels, ChannelNames, Cases) = (directory, name, labels, channelNames, cases);

    /// <summary>Absolute path of the folder.</summary>
    public string Directory { get; }
    /// <summary>Name from dataset.json, or the folder's.</summary>
    public string Name { get; }
    /// <summary>Label values and names, ascending, background 0 first.</summary>
    public IReadOnlyList<LabelClass> Labels { get; }
    /// <summary>Names of the image channels.</summary>
    public IReadOnlyList<string> ChannelNames { get; }
    /// <summary>Cases, sorted by id (ordinal).</summary>
    public IReadOnlyList<MedicalCase> Cases { get; }

    /// <summary>Reads dataset.json and lists the cases; no voxels are read.</summary>
    /// <exception cref="DatasetException">No dataset.json, no cases, a listed file is missing, an unknown layout: each with its remedy.</exception>
    public static MedicalDataset Open(string directory) => throw new NotImplementedException();

    /// <summary>Writes <c>dataset.json</c> in nnU-Net v2 form (atomically).</summary>
    public static void WriteDescription(string directory, string name, IReadOnlyList<LabelClass> labels, IReadOnlyList<string> channelNames, int caseCount) => throw new NotImplementedException();
}

/// <summary>A label value and its name.</summary>
/// <param name="Value">Small non-negative integer; 0 is background.</param>
/// <param name="Name">Name from dataset.json.</param>
public sealed record LabelClass(int Value, string Name);

/// <summary>One patient or examination: image channel files and the label file.</summary>
/// <param name="Id">Case identifier, for example <c>hippocampus_001</c>.</param>
/// <param name="ImageFiles">One file per channel.</param>
/// <param name="LabelFile">Label map, or null.</param>
public sealed record MedicalCase(string Id, IReadOnlyList<string> ImageFiles, string? LabelFile)
{
    /// <summary>Reads the image: channels on one grid, all voxels finite.</summary>
    /// <exception cref="VolumeFormatException">A file is damaged or holds NaN or infinity.</exception>
    /// <exception cref="GeometryMismatchException">Channels on different grids.</exception>
    public MLVolume ReadImage(VolumeReadLimits? limits = null) => throw new NotImplementedException();

    /// <summary>Reads the label map; every value must be one of <paramref name="labels"/>.</summary>
    /// <exception cref="DatasetException">There is no label file, or a voxel's value is not named in dataset.json.</exception>
    public MLVolume ReadLabel(IReadOnlyList<LabelClass> labels, VolumeReadLimits? limits = null) => throw new NotImplementedException();
}
