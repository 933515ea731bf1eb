namespace REHRSeg.Imaging.Tests.Datasets;

public class DatasetCheckTests
{
    [Fact]
    public void A_good_dataset_has_no_problems()
    {
        using var files = PhantomDataset.NnUNet(1, "a", "b");
        List<int> progress = [];
        var report = DatasetCheck.Run(MedicalDataset.Open(files.Path), progress: new Listed(progress));
        Assert.Empty(report.Problems);
        Assert.Empty(report.Warnings);
        Assert.Equal(["a", "b"], report.Cases.Select(c => c.Id));
        Assert.Equal(SliceAxis.Z, report.Cases[0].Axis);
        Assert.Equal(new Dictionary<int, long> { [0] = 60, [1] = 40, [2] = 20 }, report.Cases[0].LabelVoxels);
        Assert.Equal([1, 2], progress);
    }

    [Fact]
    public void All_problems_are_collected()
    {
        using var files = PhantomDataset.NnUNet(1, "a", "b", "c", "d", "e", "f", "g", "h", "i");
        var bytes = File.ReadAllBytes(files.Image("a"));
        File.WriteAllBytes(files.Image("a"), bytes[..(bytes.Length / 2)]);
        File.WriteAllBytes(files.Label("b"), []);
        var nan = PhantomDataset.ImageVolume(PhantomDataset.Grid).Voxels.ToArray();
        nan[5] = float.NaN;
        VolumeFile.Write(new(PhantomDataset.Grid, nan), files.Image("c"));
        VolumeFile.WriteLabels(PhantomDataset.LabelVolume(new([6, 5, 4], [1, 1, 4], [9, 0, 0])), files.Label("d"));
        var unnamed = PhantomDataset.LabelVolume(PhantomDataset.Grid).Voxels.ToArray();
        unnamed[0] = 9;
        VolumeFile.WriteLabels(new(PhantomDataset.Grid, unnamed), files.Label("e"));
        Replace("f", new([6, 5, 1], [1, 1, 4]));
        Replace("g", new([6, 5, 3], [1, 1, 4]));
        Replace("h", new([6, 5, 4], [1, 1, 1]));
        VolumeFile.Write(new(PhantomDataset.Grid, new float[2 * PhantomDataset.Grid.VoxelCount], 2), files.Image("i"));

        var report = DatasetCheck.Run(MedicalDataset.Open(files.Path));

        Assert.Collection(report.Problems,
            p => AssertNames(p, files.Image("a"), "truncated"),
            p => AssertNames(p, files.Label("b"), "empty"),
            p => AssertNames(p, files.Image("c"), "NaN"),
            p => AssertNames(p, files.Label("d"), "origin"),
            p => AssertNames(p, files.Label("e"), "label 9"),
            p => AssertNames(p, files.Image("f"), "a single slice along the slice axis Z"),
            p => AssertNames(p, files.Image("g"), "3 slices along the slice axis Z"),
            p => AssertNames(p, files.Image("h"), "isotropic"),
            p => AssertNames(p, files.Image("i"), "2 channel(s)"));
        Assert.Equal(["b", "d", "e", "f", "g", "h", "i"], report.Cases.Select(c => c.Id));

        void Replace(string id, VolumeGeometry grid)
        {
            VolumeFile.Write(PhantomDataset.ImageVolume(grid), files.Image(id));
            VolumeFile.WriteLabels(PhantomDataset.LabelVolume(grid), files.Label(id));
        }
    }

    [Fact]
    public void Isotropic_spacing_is_accepted_with_a_factor()
    {
        using var files = Single(new([6, 5, 4], [1, 1, 1]));
        var dataset = MedicalDataset.Open(files.Path);
        Assert.Single(DatasetCheck.Run(dataset).Problems);
        Assert.Empty(DatasetCheck.Run(dataset, factor: 2, axis: SliceAxis.Y).Problems);
        Assert.Contains("slice axis", Assert.Single(DatasetCheck.Run(dataset, factor: 2).Warnings));
    }

    [Fact]
    public void The_slice_axis_is_detected_or_given()
    {
        using var files = Single(new([6, 5, 4], [5, 1, 1]));
        var dataset = MedicalDataset.Open(files.Path);
        Assert.Equal(SliceAxis.X, DatasetCheck.Run(dataset).Cases[0].Axis);
        Assert.Equal(SliceAxis.Y, DatasetCheck.Run(dataset, 2, SliceAxis.Y).Cases[0].Axis);
    }

    [Fact]
    public void A_single_slice_across_the_slice_axis_is_a_problem()
    {
        using var files = Single(new([1, 8, 8], [1, 1, 4]));
        Assert.Contains("single slice along X", Assert.Single(DatasetCheck.Run(MedicalDataset.Open(files.Path)).Problems));
    }

    [Fact]
    public void Unusual_data_are_warnings()
    {
        using var files = Single(new([6, 5, 4], [1, 1, 3.4]));
        VolumeFile.WriteLabels(new(new([6, 5, 4], [1, 1, 3.4]), new float[120]), files.Label("a"));
        var report = DatasetCheck.Run(MedicalDataset.Open(files.Path));
        Assert.Empty(report.Problems);
        Assert.Collection(report.Warnings,
            w => Assert.Contains("rounded to 3", w), w => Assert.Contains("every voxel is background", w),
            w => Assert.Contains("label 1 (Anterior) occurs in no case", w), w => Assert.Contains("label 2 (Posterior)", w));
    }

    [Fact]
    public void Cases_of_very_different_spacing_are_named_with_it()
    {
        string[] ids = ["a", "b", "c", "d"];
        using var files = PhantomDataset.NnUNet(1, ids);
        foreach (var (id, spacing) in ids.Zip((double[][])[[1, 1, 4], [1, 1, 4], [0.45, 0.45, 4], [1, 1, 8.5]]))
        {
            VolumeGeometry grid = new([6, 5, 4], spacing);
            VolumeFile.Write(PhantomDataset.ImageVolume(grid), files.Image(id));
            VolumeFile.WriteLabels(PhantomDataset.LabelVolume(grid), files.Label(id));
        }
        string warning = Assert.Single(DatasetCheck.Run(MedicalDataset.Open(files.Path), factor: 4).Warnings);
        Assert.Contains("2 of 4 cases have a spacing far from the median, 4 x 1 x 1 mm (slices first): c 4 x 0.45 x 0.45, d 8.5 x 1 x 1.", warning);
    }

    [Fact]
    public void Cancellation_stops_the_check()
    {
        using var files = PhantomDataset.NnUNet(1, "a", "b");
        using var stop = new CancellationTokenSource();
        List<int> progress = [];
        Assert.Throws<OperationCanceledException>(() => DatasetCheck.Run(MedicalDataset.Open(files.Path), progress: new Listed(progress, stop), cancellationToken: stop.Token));
        Assert.Equal([1], progress);
    }

    static PhantomDataset Single(VolumeGeometry grid)
    {
        var files = PhantomDataset.NnUNet(1, "a");
        VolumeFile.Write(PhantomDataset.ImageVolume(grid), files.Image("a"));
        VolumeFile.WriteLabels(PhantomDataset.LabelVolume(grid), files.Label("a"));
        return files;
    }

    static void AssertNames(string problem, string file, string detail)
    {
        Assert.Contains(file, problem);
        Assert.Contains(detail, problem);
    }

    sealed class Listed(List<int> reports, CancellationTokenSource? stop = null) : IProgress<int>
    {
        public void Report(int value)
        {
            reports.Add(value);
            stop?.Cancel();
        }
    }
}
