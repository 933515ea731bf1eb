using REHRSeg.Imaging;

namespace REHRSeg.Tool;

/// <summary>
/// Millimetres along left, posterior and superior from the first corner of a case's thick image: the frame that all volumes of the case are drawn in, whatever their slices. Volumes
/// are brought to LPS order first; nothing is resampled.
/// </summary>
internal sealed class PatientSpace(MLVolume thick)
{
    readonly VolumeGeometry _frame = thick.Geometry.Reorient("LPS");

    /// <exception cref="GeometryMismatchException">The volume is turned against the thick image.</exception>
    public PlacedVolume Place(MLVolume volume, string name)
    {
        var lps = volume.Reorient("LPS");
        var g = lps.Geometry;
        for (int i = 0; i < 9; i++)
            if (Math.Abs(g.Direction[i] - _frame.Direction[i]) > 1e-2) throw new GeometryMismatchException($"{name} is turned against the case's thick image. Resample it, or correct its header.");
        var start = new double[3];
        for (int a = 0; a < 3; a++)
        {
            double along = 0;
            for (int row = 0; row < 3; row++) along += (g.Origin[row] - _frame.Origin[row]) * _frame.Direction[3 * row + a];
            start[a] = along - g.Spacing[a] / 2 + _frame.Spacing[a] / 2;
        }
        return new(lps, start);
    }
}

/// <summary>A volume in <see cref="PatientSpace"/>.</summary>
/// <param name="Volume">In LPS order.</param>
/// <param name="Start">Where its first voxel begins along each axis, mm.</param>
internal sealed record PlacedVolume(MLVolume Volume, double[] Start)
{
    public int Size(int axis) => Volume.Geometry.Size[axis];
    public double Spacing(int axis) => Volume.Geometry.Spacing[axis];

    /// <summary>The voxel that a position lies in, or the nearest one.</summary>
    public int Index(int axis, double position) => Math.Clamp((int)Math.Floor((position - Start[axis]) / Spacing(axis)), 0, Size(axis) - 1);

    /// <summary>The part of a plane within a box of millimetres: whole voxels, in picture order.</summary>
    public PlaneSlice Cut(AnatomicalPlane plane, double position, ViewBox box)
    {
        var axes = PlaneAxes.Of(plane);
        var (first, count) = Range(axes.Horizontal, box);
        var (firstRow, rows) = Range(axes.Vertical, box);
        var values = new float[rows * count];
        int[] at = new int[3];
        at[axes.Through] = Index(axes.Through, position);
        var voxels = Volume.Voxels;
        for (int row = 0; row < rows; row++)
            for (int column = 0; column < count; column++)
            {
                at[axes.Horizontal] = first + column;
                at[axes.Vertical] = axes.Upwards ? firstRow + rows - 1 - row : firstRow + row;
                values[row * count + column] = voxels[(at[2] * Volume.Height + at[1]) * Volume.Width + at[0]];
            }
        double width = Spacing(axes.Horizontal), height = Spacing(axes.Vertical), low = Start[axes.Vertical] + firstRow * height;
        return new(values, count, rows, Start[axes.Horizontal] + first * width, axes.Upwards ? -(low + rows * height) : low, width, height);
    }

    (int First, int Count) Range(int axis, ViewBox box)
    {
        int first = Index(axis, box.Low[axis] + 1e-6), last = Index(axis, box.High[axis] - 1e-6);
        return (first, last - first + 1);
    }
}

/// <summary>Voxels of a plane, from the top left of the picture on.</summary>
/// <param name="Values">Row by row.</param>
/// <param name="Columns">Voxels in a row.</param>
/// <param name="Rows">Rows.</param>
/// <param name="Left">Where the first column begins, mm.</param>
/// <param name="Top">Where the first row begins, mm downwards.</param>
/// <param name="PixelWidth">mm.</param>
/// <param name="PixelHeight">mm.</param>
internal sealed record PlaneSlice(float[] Values, int Columns, int Rows, double Left, double Top, double PixelWidth, double PixelHeight)
{
    public double Width => Columns * PixelWidth;
    public double Height => Rows * PixelHeight;
}

/// <summary>A box in <see cref="PatientSpace"/>, mm.</summary>
internal sealed record ViewBox(double[] Low, double[] High)
{
    /// <summary>Around all labelled voxels with a margin (of half their extent, at least 12 mm), in whole slices of an image; the whole image where nothing is labelled.</summary>
    public static ViewBox Around(PlacedVolume image, PlacedVolume label)
    {
        double[] low = [double.MaxValue, double.MaxValue, double.MaxValue], high = [double.MinValue, double.MinValue, double.MinValue];
        var voxels = label.Volume.Voxels;
        for (int i = 0; i < voxels.Length; i++)
        {
            if (voxels[i] == 0) continue;
            ReadOnlySpan<int> at = [i % label.Volume.Width, i / label.Volume.Width % label.Volume.Height, i / label.Volume.Width / label.Volume.Height];
            for (int a = 0; a < 3; a++)
            {
                low[a] = Math.Min(low[a], label.Start[a] + at[a] * label.Spacing(a));
                high[a] = Math.Max(high[a], label.Start[a] + (at[a] + 1) * label.Spacing(a));
            }
        }
        for (int a = 0; a < 3; a++)
        {
            double start = image.Start[a], end = start + image.Size(a) * image.Spacing(a), margin = low[a] > high[a] ? double.MaxValue : Math.Max(12, (high[a] - low[a]) / 2);
            // Whole thick slices, so that no panel shows a part of one.
            low[a] = margin == double.MaxValue ? start : start + image.Spacing(a) * Math.Max(0, Math.Floor((low[a] - margin - start) / image.Spacing(a)));
            high[a] = margin == double.MaxValue ? end : start + image.Spacing(a) * Math.Min(image.Size(a), Math.Ceiling((high[a] + margin - start) / image.Spacing(a)));
        }
        return new(low, high);
    }

    /// <summary>Left, top, width and height of the picture of a plane.</summary>
    public (double Left, double Top, double Width, double Height) Picture(AnatomicalPlane plane)
    {
        var axes = PlaneAxes.Of(plane);
        double height = High[axes.Vertical] - Low[axes.Vertical];
        return (Low[axes.Horizontal], axes.Upwards ? -High[axes.Vertical] : Low[axes.Vertical], High[axes.Horizontal] - Low[axes.Horizontal], height);
    }
}
