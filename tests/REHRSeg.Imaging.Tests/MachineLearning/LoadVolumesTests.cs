using Microsoft.ML;
using Microsoft.ML.Data;

namespace REHRSeg.Imaging.Tests;

public sealed class LoadVolumesTests : IDisposable
{
    readonly MLContext _ml = new(seed: 1);
    readonly string _folder = Directory.CreateTempSubdirectory("rehrseg-load-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    IDataView Paths(int count, string? missing = null) => _ml.Data.LoadFromEnumerable(Enumerable.Range(0, count).Select(i =>
    {
        string image = $"image{i}.nii.gz", label = $"label{i}.nii";
        VolumeFile.Write(VolumeDataViewTypeTests.Volume(i + 0.5f), Path.Combine(_folder, image));
        VolumeFile.Write(VolumeDataViewTypeTests.Volume(i), Path.Combine(_folder, label), VolumeDataType.UInt8);
        return new PathRow { Id = $"case{i}", Image = missing ?? image, LabelPath = label };
    }).ToList());

    LoadVolumesOptions Options => new() { Columns = [new("Image", "Image"), new("Label", "LabelPath")], Directory = _folder };

    [Fact]
    public void Files_become_volumes()
    {
        var paths = Paths(3);
        var data = _ml.Transforms.LoadVolumes(Options).Fit(paths).Transform(paths);
        Assert.Equal([0.5f, 1.5f, 2.5f], data.GetColumn<MLVolume>("Image").Select(v => v.Voxels[0]));
        Assert.Equal([0f, 1f, 2f], data.GetColumn<MLVolume>("Label").Select(v => v.Voxels[0]));
        Assert.Equal(4.0, data.GetColumn<MLVolume>("Image").First().Geometry.Spacing[2], 5);
    }

    [Fact]
    public void Only_asked_for_files_are_read()
    {
        var paths = Paths(1, missing: "nowhere.nii");
        var data = _ml.Transforms.LoadVolumes(Options).Fit(paths).Transform(paths);
        Assert.Equal([0f], data.GetColumn<MLVolume>("Label").Select(v => v.Voxels[0]));
        Assert.Contains("nowhere.nii", Assert.ThrowsAny<IOException>(() => data.GetColumn<MLVolume>("Image").ToList()).Message);
    }

    [Fact]
    public void A_saved_pipeline_loads_typed()
    {
        var paths = Paths(2);
        var model = _ml.Transforms.LoadVolumes(Options with { Limits = new() { MaxVoxels = 24 } }).Append(_ml.Transforms.CopyColumns("Copy", "Image")).Fit(paths);
        string file = Path.Combine(_folder, "model.zip");
        _ml.Model.Save(model, paths.Schema, file);
        var loaded = (TransformerChain<ITransformer>)new MLContext().Model.Load(file, out var schema);
        Assert.Contains(loaded, t => t is LoadVolumesTransformer);
        Assert.NotNull(schema);
        Assert.Equal([0.5f, 1.5f], loaded.Transform(paths).GetColumn<MLVolume>("Copy").Select(v => v.Voxels[0]));
    }

    [Fact]
    public void A_file_of_a_later_version_is_refused()
    {
        var paths = Paths(1);
        string file = Path.Combine(_folder, "model.zip");
        _ml.Model.Save(_ml.Transforms.LoadVolumes(Options).Fit(paths), paths.Schema, file);
        LaterFormat.Raise(file, "RSLOADVO");
        var refusal = Assert.IsType<ModelFormatException>(Assert.ThrowsAny<Exception>(() => new MLContext().Model.Load(file, out _)).GetBaseException());
        Assert.Equal("The saved model's member RehrSegLoadVolumes has format version 1.2; this program reads up to 1.1. Update the REHRSeg packages.", refusal.Message);
    }

    [Fact]
    public void Limits_are_kept_when_saved()
    {
        var paths = Paths(1);
        var model = _ml.Transforms.LoadVolumes(Options with { Limits = new() { MaxVoxels = 23 } }).Fit(paths);
        string file = Path.Combine(_folder, "model.zip");
        _ml.Model.Save(model, paths.Schema, file);
        var loaded = new MLContext().Model.Load(file, out _);
        Assert.Throws<VolumeFormatException>(() => loaded.Transform(paths).GetColumn<MLVolume>("Image").ToList());
    }

    [Fact]
    public void Faulty_columns_are_refused_before_work()
    {
        Assert.Throws<ArgumentException>(() => _ml.Transforms.LoadVolumes(new LoadVolumesOptions { Columns = [] }));
        Assert.Throws<ArgumentException>(() => _ml.Transforms.LoadVolumes(" "));
        Assert.Throws<ArgumentException>(() => _ml.Transforms.LoadVolumes(new LoadVolumesOptions { Columns = [new("A", "P"), new("A", "Q")] }));
        var numbers = _ml.Data.LoadFromEnumerable(new[] { new { Image = 1f } });
        Assert.Contains("expected String, got Single", Assert.Throws<ArgumentOutOfRangeException>(() => _ml.Transforms.LoadVolumes("Image").Fit(numbers)).Message);
    }

    public sealed class PathRow
    {
        public string Id { get; set; } = "";
        public string Image { get; set; } = "";
        public string LabelPath { get; set; } = "";
    }
}
