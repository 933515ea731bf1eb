using REHRSeg.Imaging;

namespace REHRSeg.Tool.Tests;

public sealed class PatientSpaceTests
{
    static readonly string[] s_codes = ["LPS", "RAS", "PIR", "SAL", "IPL", "ASR"];

    public static TheoryData<string> Codes => [.. s_codes];

    /// <summary>A volume stored in some order whose voxel values tell where they are: 100 times the number of the voxel counted to the left, and so on.</summary>
    static MLVolume Stored(string code, int left, int posterior, int superior, double[] spacing, double[] origin)
    {
        var g = new VolumeGeometry([left, posterior, superior], spacing, origin);
        float[] voxels = new float[g.VoxelCount];
        for (int z = 0, n = 0; z < superior; z++) for (int y = 0; y < posterior; y++) for (int x = 0; x < left; x++) voxels[n++] = x + 100 * y + 10000 * z;
        return new MLVolume(g, voxels).Reorient(code);
    }

    static ViewBox Whole(PlacedVolume v) => new([.. v.Start], [.. Enumerable.Range(0, 3).Select(a => v.Start[a] + v.Size(a) * v.Spacing(a))]);

    [Theory]
    [MemberData(nameof(Codes))]
    public void Every_pixel_is_the_voxel_at_its_place_in_the_patient(string code)
    {
        var stored = Stored(code, 5, 7, 3, [1, 0.5, 4], [-12, 30, 8]);
        var placed = new PatientSpace(stored).Place(stored, "image");
        foreach (var plane in Enum.GetValues<AnatomicalPlane>())
        {
            var axes = PlaneAxes.Of(plane);
            var slice = placed.Cut(plane, placed.Start[axes.Through] + 1.2 * placed.Spacing(axes.Through), Whole(placed));
            Assert.Equal(placed.Size(axes.Horizontal) * placed.Size(axes.Vertical), slice.Values.Length);
            for (int row = 0; row < slice.Rows; row++)
                for (int column = 0; column < slice.Columns; column++)
                {
                    // The pixel's centre in mm from the corner, as the picture's letters say, then physical, then the stored file's own index.
                    double[] mm = new double[3];
                    mm[axes.Horizontal] = slice.Left + (column + 0.5) * slice.PixelWidth;
                    mm[axes.Vertical] = (axes.Upwards ? -1 : 1) * (slice.Top + (row + 0.5) * slice.PixelHeight);
                    mm[axes.Through] = placed.Start[axes.Through] + 1.5 * placed.Spacing(axes.Through);
                    var index = stored.Geometry.ToIndex(-12 + mm[0] - 0.5 * 1, 30 + mm[1] - 0.5 * 0.5, 8 + mm[2] - 0.5 * 4);
                    Assert.Equal(stored[(int)Math.Round(index.Z), (int)Math.Round(index.Y), (int)Math.Round(index.X)], slice.Values[row * slice.Columns + column]);
                }
        }
    }

    /// <summary>A mark at the patient's left, front and top must lie at the letters L, A and S.</summary>
    [Theory]
    [MemberData(nameof(Codes))]
    public void Letters_name_the_patients_sides(string code)
    {
        var g = new VolumeGeometry([6, 6, 6], [1, 1, 1]); // LPS: x to the left, y to posterior, z to superior
        float[] voxels = new float[216];
        voxels[(5 * 6 + 0) * 6 + 5] = 1; // left, anterior, superior
        var stored = new MLVolume(g, voxels).Reorient(code);
        var placed = new PatientSpace(stored).Place(stored, "image");
        foreach (var plane in Enum.GetValues<AnatomicalPlane>())
        {
            var axes = PlaneAxes.Of(plane);
            var slice = placed.Cut(plane, axes.Through == 1 ? 0.5 : 5.5, Whole(placed));
            int at = Array.IndexOf(slice.Values, 1f), column = at % 6, row = at / 6;
            Assert.True(at >= 0);
            Assert.Contains(column == 5 ? axes.Right : axes.Left, new[] { "L", "A" });
            Assert.Contains(row == 0 ? axes.Top : axes.Bottom, new[] { "A", "S" });
            Assert.True(column is 0 or 5 && row is 0 or 5);
        }
    }

    [Theory]
    [InlineData(SliceAxis.X)]
    [InlineData(SliceAxis.Y)]
    [InlineData(SliceAxis.Z)]
    public void Thick_and_thin_volumes_of_a_case_cover_the_same_millimetres(SliceAxis axis)
    {
        double[] spacing = [1, 1, 1];
        spacing[(int)axis] = 4;
        var thick = Stored("RAS", 8, 8, 8, spacing, [3, -5, 11]);
        var along = thick.Geometry.DetectSliceAxis()!.Value;
        var grid = thick.Geometry.Refine(4, along);
        var space = new PatientSpace(thick);
        var (a, b) = (space.Place(thick, "thick"), space.Place(new(grid, new float[grid.VoxelCount]), "thin"));
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal(a.Start[i], b.Start[i], 9);
            Assert.Equal(a.Size(i) * a.Spacing(i), b.Size(i) * b.Spacing(i), 9);
        }
        foreach (var plane in Enum.GetValues<AnatomicalPlane>())
        {
            PlaneSlice x = a.Cut(plane, 2, Whole(a)), y = b.Cut(plane, 2, Whole(a));
            Assert.Equal((x.Left, x.Top, x.Width, x.Height), (Math.Round(y.Left, 9), Math.Round(y.Top, 9), y.Width, y.Height));
        }
    }

    [Fact]
    public void A_turned_volume_is_refused_by_name()
    {
        var thick = Stored("LPS", 4, 4, 4, [1, 1, 4], [0, 0, 0]);
        double c = Math.Cos(0.3), s = Math.Sin(0.3);
        var turned = new MLVolume(new VolumeGeometry([4, 4, 4], [1, 1, 1], [0, 0, 0], [c, -s, 0, s, c, 0, 0, 0, 1]), new float[64]);
        var e = Assert.Throws<GeometryMismatchException>(() => new PatientSpace(thick).Place(turned, "case_7: hr"));
        Assert.Contains("case_7: hr", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_shown_box_is_whole_thick_slices_around_the_label()
    {
        var thick = Stored("LPS", 60, 60, 20, [1, 1, 4], [0, 0, 0]);
        float[] label = new float[thick.Geometry.VoxelCount];
        label[(10 * 60 + 30) * 60 + 30] = 1;
        var space = new PatientSpace(thick);
        var box = ViewBox.Around(space.Place(thick, "image"), space.Place(thick.WithVoxels(label), "label"));
        Assert.Equal([18, 18, 28], box.Low);
        Assert.Equal([43, 43, 56], box.High);
        Assert.Equal((18, -56, 25, 28), box.Picture(AnatomicalPlane.Coronal));
    }

    [Fact]
    public void Without_labels_the_whole_image_is_shown()
    {
        var thick = Stored("LPS", 6, 5, 4, [1, 1, 4], [9, 9, 9]);
        var space = new PatientSpace(thick);
        var box = ViewBox.Around(space.Place(thick, "image"), space.Place(thick.WithVoxels(new float[120]), "label"));
        Assert.Equal([0, 0, 0], box.Low);
        Assert.Equal([6, 5, 16], box.High);
    }
}
