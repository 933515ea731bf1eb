using REHRSeg.Imaging;

namespace REHRSeg.Tool;

/// <summary>A case as the page holds it: every volume cut to one box in space, with notes on what was left out.</summary>
/// <param name="Case">Names and roles.</param>
/// <param name="Volumes">As many as the case has.</param>
/// <param name="Notes">For the reader: crops and thinning.</param>
internal sealed record EmbeddedCase(ViewerCase Case, IReadOnlyList<EmbeddedVolume> Volumes, IReadOnlyList<string> Notes)
{
    /// <summary>Millimetres around the foreground of images and labels, and around the labels alone where that is too large.</summary>
    const double Margin = 4, LabelMargin = 20;
    /// <summary>An image's foreground exceeds the low end of its range by this share of it.</summary>
    const float Foreground = 0.03f;

    /// <summary>The foreground values, with a name for those that occur but have none.</summary>
    public IReadOnlyList<LabelClass> Labels { get; } = [.. Case.Labels.Where(l => l.Value > 0).Concat(Occurring(Case).Except(Case.Labels.Select(l => l.Value)).Select(v => new LabelClass(v, $"label {v}"))).OrderBy(l => l.Value)];

    /// <summary>Where the case shows no label map, its first one is outlined.</summary>
    readonly ViewerVolume? _default = Case.Volumes.Any(v => v.Role == ViewerRole.Label && v.Shown) ? null : Case.Volumes.FirstOrDefault(v => v.Role == ViewerRole.Label);

    /// <summary>True if the viewer draws the volume when it opens.</summary>
    public bool IsShown(ViewerVolume volume) => volume.Shown || volume == _default;

    /// <summary>True if the viewer draws the surface alone when it opens.</summary>
    public bool IsOutlined(ViewerVolume volume) => volume.Outlined || volume == _default;

    /// <exception cref="DatasetException">There is no image, or a volume lies elsewhere in space.</exception>
    /// <exception cref="VolumeFormatException">A label is not an integer from 0 to 255.</exception>
    public static EmbeddedCase Create(ViewerCase @case, int mostVoxels)
    {
        if (!@case.Volumes.Any(v => v.Role == ViewerRole.Image)) throw new DatasetException($"Case {@case.Id} has no image; the viewer draws everything else over one.");
        var finest = @case.Volumes.MinBy(v => v.Volume.Geometry.Spacing.Aggregate((a, b) => a * b))!.Volume.Geometry;
        var labels = Union(finest, @case.Volumes.Where(v => v.Role == ViewerRole.Label).Select(v => PhysicalBox.Around(v.Volume, value => value != 0)));
        var box = Union(finest, [.. @case.Volumes.Where(v => v.Role == ViewerRole.Image).Select(v => ImageBox(v.Volume)), labels])!.Widened(Margin);
        var notes = new List<string>();
        if (labels is not null && ViewerGrid.Touching(finest, box, mostVoxels) is { IsSubsampled: true })
        {
            box = labels.Widened(LabelMargin);
            notes.Add($"Only the surroundings of the labels ({LabelMargin} mm) are shown.");
        }
        var volumes = new List<EmbeddedVolume>();
        foreach (var volume in @case.Volumes)
        {
            var geometry = volume.Volume.Geometry;
            var grid = ViewerGrid.Touching(geometry, box, mostVoxels) ?? throw new DatasetException($"Case {@case.Id}: {volume.Name} ({geometry}) lies outside of the other volumes; give volumes of one patient in one space.");
            if (grid.IsSubsampled) notes.Add($"{volume.Name}: {string.Join(" x ", grid.Size)} of {string.Join(" x ", grid.Count)} voxels are shown, to keep this page small.");
            volumes.Add(EmbeddedVolume.Create(grid.Apply(volume.Volume), volume.Role, $"case {@case.Id}, {volume.Name}"));
        }
        return new(@case, volumes, notes);
    }

    static PhysicalBox? Union(VolumeGeometry frame, IEnumerable<PhysicalBox?> boxes)
    {
        PhysicalBox? union = null;
        foreach (var box in boxes.OfType<PhysicalBox>())
        {
            var (low, high) = box.IndexRange(frame);
            union = union is null ? new(frame, [.. low], [.. high]) : union.Union(box);
        }
        return union;
    }

    static PhysicalBox? ImageBox(MLVolume image)
    {
        var (low, high) = RobustRange.Of(image);
        float threshold = low + Foreground * (high - low);
        return PhysicalBox.Around(image, value => value > threshold) ?? PhysicalBox.Around(image, _ => true);
    }

    static IEnumerable<int> Occurring(ViewerCase @case)
    {
        var found = new SortedSet<int>();
        foreach (var label in @case.Volumes.Where(v => v.Role == ViewerRole.Label))
            foreach (float value in label.Volume.Channel(0))
                if (value > 0) found.Add((int)value);
        return found;
    }
}
