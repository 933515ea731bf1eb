using REHRSeg.Imaging;

namespace REHRSeg.Tool;

/// <summary>A column of a case's panels.</summary>
/// <param name="Title">Caption.</param>
/// <param name="Images">Pictures, each for one cell, or for all (null).</param>
/// <param name="Truth">Outlined label map.</param>
/// <param name="Predictions">Outlined label maps by cell.</param>
/// <param name="Errors">Filled classes and errors instead of outlines.</param>
internal sealed record CaseColumn(string Title, IReadOnlyList<(string? Cell, PlacedVolume Volume, Tone Tone)> Images, PlacedVolume? Truth, IReadOnlyList<(string Cell, PlacedVolume Volume)> Predictions, bool Errors = false);

/// <summary>A case's volumes, read and placed, the part of them that is shown, and where planes cut.</summary>
internal sealed class CaseViews
{
    readonly double[] _position;

    /// <exception cref="GeometryMismatchException">A volume does not lie where the thick image lies.</exception>
    public CaseViews(ReportCase item)
    {
        MLVolume thick = item.LrImage(), thickTruth = item.LrTruth();
        var space = new PatientSpace(thick);
        PlacedVolume Place(Func<MLVolume> read, string what) => space.Place(read(), $"{item.Id}: {what}");
        LrImage = space.Place(thick, $"{item.Id}: thick image");
        LrTruth = space.Place(thickTruth, $"{item.Id}: thick label");
        HrTruth = item.HrTruth is { } truth ? Place(truth, "thin truth") : null;
        Lr = [.. item.Predictions.Where(p => p.Lr is not null).Select(p => (p.Cell, Place(p.Lr!, $"{p.Cell}, lr")))];
        Hr = [.. item.Predictions.Where(p => p.Hr is not null).Select(p => (p.Cell, Place(p.Hr!, $"{p.Cell}, hr")))];
        foreach (var (cell, volume) in Lr) volume.Volume.RequireSameGrid(LrTruth.Volume, $"{item.Id}: {cell}, lr", "its thick label");
        if (HrTruth is not null) foreach (var (cell, volume) in Hr) volume.Volume.RequireSameGrid(HrTruth.Volume, $"{item.Id}: {cell}, hr", "its thin truth");
        var shown = HrTruth ?? LrTruth;
        Box = ViewBox.Around(LrImage, shown);
        _position = [.. Enumerable.Range(0, 3).Select(a => LargestArea(shown, a))];
        SliceAxis = LargestSpacing(LrImage);

        var columns = new List<CaseColumn> { new("thick image", [(null, LrImage, Tone.Grey(LrImage.Volume))], LrTruth, Lr) };
        var images = new List<(string? Cell, PlacedVolume Volume, Tone Tone)>();
        if (item.HrImage is { } shared && Place(shared.Read, shared.Name) is var thin) images.Add((null, thin, Tone.Grey(thin.Volume)));
        foreach (var p in item.Predictions.Where(p => p.HrImage is not null && (item.HrImage is null || OwnImages(item))))
        {
            var own = Place(p.HrImage!, $"{p.Cell}, thin image");
            images.Add((p.Cell, own, Tone.Grey(own.Volume)));
        }
        if (images.Count > 0) columns.Add(new(item.HrImage is { } named && !OwnImages(item) ? named.Name : "thin image", images, HrTruth, Hr));
        if (item.Uncertainty is { } read)
        {
            var volume = Place(read, "uncertainty");
            Uncertainty = Tone.HeatMap(volume.Volume);
            columns.Add(new("uncertainty", [(null, volume, Uncertainty)], null, Hr));
        }
        if (HrTruth is not null && Hr.Count > 0) columns.Add(new("thin labels", [], HrTruth, Hr, Errors: true));
        else if (Lr.Count > 0) columns.Add(new("thick labels", [], LrTruth, Lr, Errors: true));
        Columns = columns;
    }

    public PlacedVolume LrImage { get; }
    public PlacedVolume LrTruth { get; }
    public PlacedVolume? HrTruth { get; }
    public IReadOnlyList<(string Cell, PlacedVolume Volume)> Lr { get; }
    public IReadOnlyList<(string Cell, PlacedVolume Volume)> Hr { get; }
    /// <summary>The heat map's range; null: there is no uncertainty.</summary>
    public Tone? Uncertainty { get; }
    public ViewBox Box { get; }
    /// <summary>Axis (0 left, 1 posterior, 2 superior) across the thick slices.</summary>
    public int SliceAxis { get; }
    public IReadOnlyList<CaseColumn> Columns { get; }

    /// <summary>Where a plane lies along the axis across it, mm.</summary>
    public double Position(AnatomicalPlane plane) => _position[PlaneAxes.Of(plane).Through];

    /// <summary>Several cells bring a thin image of their own: they are what is compared.</summary>
    static bool OwnImages(ReportCase item) => item.Predictions.Count(p => p.HrImage is not null) > 1;

    static int LargestSpacing(PlacedVolume volume) => Enumerable.Range(0, 3).MaxBy(volume.Spacing);

    /// <summary>The middle of the slice with most labelled voxels; of the volume where there are none.</summary>
    static double LargestArea(PlacedVolume label, int axis)
    {
        var area = new int[label.Size(axis)];
        var voxels = label.Volume.Voxels;
        for (int i = 0; i < voxels.Length; i++)
            if (voxels[i] != 0) area[axis == 0 ? i % label.Volume.Width : axis == 1 ? i / label.Volume.Width % label.Volume.Height : i / label.Volume.Width / label.Volume.Height]++;
        int largest = area.Max() == 0 ? area.Length / 2 : Array.IndexOf(area, area.Max());
        return label.Start[axis] + (largest + 0.5) * label.Spacing(axis);
    }
}
