using Microsoft.ML;
using Microsoft.ML.Data;

namespace REHRSeg.Imaging.Tests;

public sealed class LoadMedicalDatasetTests : IDisposable
{
    readonly MLContext _ml = new(seed: 1);
    readonly string _folder = Directory.CreateTempSubdirectory("rehrseg-dataset-").FullName;
    readonly LabelClass[] _labels = [new(0, "background"), new(1, "head"), new(2, "tail")];

    public LoadMedicalDatasetTests()
    {
        for (int i = 0; i < 6; i++)
        {
            VolumeFile.Write(VolumeDataViewTypeTests.Volume(10 + i), Path.Combine(_folder, "imagesTr", $"c{i}_0000.nii.gz"));
            VolumeFile.Write(VolumeDataViewTypeTests.Volume(i % 3), Path.Combine(_folder, "labelsTr", $"c{i}.nii.gz"), VolumeDataType.UInt8);
        }
        MedicalDataset.WriteDescription(_folder, "Phantoms", _labels, ["MR"], 6);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    static List<string> Ids(IDataView data) => [.. data.GetColumn<string>("Id")];

    [Fact]
    public void Rows_hold_id_image_and_label()
    {
        var data = _ml.Data.LoadMedicalDataset(_folder);
        Assert.Equal(6, data.GetRowCount());
        Assert.Equal(["c0", "c1", "c2", "c3", "c4", "c5"], Ids(data));
        Assert.Equal([10f, 11f, 12f, 13f, 14f, 15f], data.GetColumn<MLVolume>("Image").Select(v => v.Voxels[0]));
        Assert.Equal([0f, 1f, 2f, 0f, 1f, 2f], data.GetColumn<MLVolume>("Label").Select(v => v.Voxels[0]));
    }

    [Fact]
    public void Label_names_travel_with_the_column()
        => Assert.Equal(_labels, LabelAnnotations.Read(_ml.Data.Cache(_ml.Data.LoadMedicalDataset(_folder)).Schema["Label"]));

    [Fact]
    public void Cases_can_be_chosen_and_unknown_ones_are_named()
    {
        Assert.Equal(["c4", "c1"], Ids(_ml.Data.LoadMedicalDataset(_folder, ["c4", "c1"])));
        Assert.Contains("'c9'", Assert.Throws<DatasetException>(() => _ml.Data.LoadMedicalDataset(_folder, ["c9"])).Message);
    }

    [Fact]
    public void Files_are_read_when_asked_for()
    {
        var data = _ml.Data.LoadMedicalDataset(_folder);
        File.Delete(Path.Combine(_folder, "imagesTr", "c3_0000.nii.gz"));
        Assert.Equal(6, Ids(data).Count);
        Assert.Equal(3, _ml.Data.TakeRows(data, 3).GetColumn<MLVolume>("Image").Count());
        Assert.ThrowsAny<IOException>(() => data.GetColumn<MLVolume>("Image").ToList());
    }

    [Fact]
    public void Shuffling_keeps_rows_together()
    {
        var shuffled = _ml.Data.ShuffleRows(_ml.Data.LoadMedicalDataset(_folder), seed: 3);
        var rows = Ids(shuffled).Zip(shuffled.GetColumn<MLVolume>("Image").Select(v => v.Voxels[0])).ToList();
        Assert.All(rows, r => Assert.Equal($"c{r.Second - 10}", r.First));
        Assert.Equal(6, rows.DistinctBy(r => r.First).Count());
        Assert.NotEqual(["c0", "c1", "c2", "c3", "c4", "c5"], rows.Select(r => r.First));
    }
}
