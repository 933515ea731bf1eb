using REHRSeg.Imaging;

namespace REHRSeg.Tests;

public sealed class SamplesTests : IDisposable
{
    readonly string _folder = Directory.CreateTempSubdirectory("rehrseg-samples-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Quickstart_runs()
    {
        string dataset = Path.Combine(_folder, "dataset"), image = Path.Combine(dataset, "imagesTr", "case1_0000.nii.gz"), output = Path.Combine(_folder, "out");
        TinyPhantoms.WriteDataset(dataset, 2);
        Programs.Run(Programs.Quickstart, dataset, image, output, "tiny");
        Assert.True(File.Exists(Path.Combine(output, "model.zip")));
        Assert.True(VolumeFile.ReadGeometry(Path.Combine(output, "lr.nii.gz")).IsSameGrid(VolumeFile.ReadGeometry(image)));
        Assert.Equal(24, VolumeFile.ReadGeometry(Path.Combine(output, "hr.nii.gz")).Depth);
    }

    [Fact]
    public void CrossValidation_scores_each_fold()
    {
        string dataset = Path.Combine(_folder, "dataset");
        TinyPhantoms.WriteDataset(dataset, 4);
        string output = Programs.Run(Programs.CrossValidation, dataset, "2", "tiny", "NnUNet");
        Assert.Matches(@"^fold 0: DSC [01]\.\d{3}, HD95 .* mm\s+fold 1: DSC [01]\.\d{3}, HD95 .* mm\s*$", output);
    }
}
