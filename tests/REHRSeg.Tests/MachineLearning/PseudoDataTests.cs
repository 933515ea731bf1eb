using Microsoft.ML;
using Microsoft.ML.Data;
using REHRSeg.Imaging;

namespace REHRSeg.Tests;

public sealed class PseudoDataTests : IDisposable
{
    readonly MLContext _ml = new(seed: 1);
    readonly string _folder = Directory.CreateTempSubdirectory("rehrseg-pseudo-").FullName;
    int _made;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    IEnumerable<ThinRow> Thin(int count, double slice)
    {
        for (int i = 0; i < count; i++)
        {
            _made++;
            var grid = new VolumeGeometry([8, 6, 12], [1, 1, slice]);
            var ramp = Enumerable.Range(0, grid.VoxelCount).Select(k => (float)(k / 48) + 100 * i).ToArray();
            var label = Enumerable.Range(0, grid.VoxelCount).Select(k => k / 48 >= 6 ? 1f : 0f).ToArray();
            yield return new() { Id = $"c{i}", HrImage = new(grid, ramp), HrLabel = new(grid, label), Uncertainty = new(grid, ramp) };
        }
    }

    IDataView Rows(int count, double slice = 1.5) => _ml.Data.LoadFromEnumerable(Thin(count, slice));

    static readonly PseudoDataOptions Options = new() { Factor = 3, Axis = SliceAxis.Z };

    [Fact]
    public void Each_row_becomes_r_rows_that_equal_eq_1()
    {
        var rows = Rows(2);
        var data = _ml.Transforms.PseudoData(Options).Fit(rows).Transform(rows);
        var pairs = _ml.Data.CreateEnumerable<PairRow>(data, reuseRowObject: false).ToList();
        Assert.Equal(["c0", "c0", "c0", "c1", "c1", "c1"], pairs.Select(p => p.Id));
        Assert.Equal([0, 1, 2, 0, 1, 2], pairs.Select(p => p.Start));
        Assert.Equal([4, 3, 3, 4, 3, 3], pairs.Select(p => p.PseudoImage!.Depth));
        foreach (var (pair, source) in pairs.Zip(Thin(2, 1.5).SelectMany(t => Enumerable.Repeat(t, 3))))
        {
            var expected = ThickSliceSimulator.Image(source.HrImage!, SliceAxis.Z, SliceProfile.Gaussian(3), pair.Start);
            Assert.Equal(expected.Geometry, pair.PseudoImage!.Geometry);
            Assert.Equal(expected.Voxels, pair.PseudoImage.Voxels);
            Assert.Equal(ThickSliceSimulator.Label(source.HrLabel!, SliceAxis.Z, 3, pair.Start).Voxels, pair.PseudoLabel!.Voxels);
            Assert.Equal(3 * pair.PseudoImage.Depth, pair.PseudoHrLabel!.Depth);
            Assert.True(pair.PseudoUncertainty!.Geometry.IsSameGrid(pair.PseudoImage.Geometry));
        }
    }

    [Fact]
    public void Row_ids_are_unique_and_rows_come_from_one_cursor()
    {
        var rows = _ml.Data.Cache(Rows(20));
        var data = _ml.Transforms.PseudoData(Options).Fit(rows).Transform(rows);
        Assert.Single(data.GetRowCursorSet(data.Schema, 4));
        using var cursor = data.GetRowCursor(data.Schema.Where(c => c.Name == "Start"));
        var get = cursor.GetIdGetter();
        var ids = new HashSet<(ulong, ulong)>();
        while (cursor.MoveNext())
        {
            DataViewRowId id = default;
            get(ref id);
            ids.Add((id.Low, id.High));
        }
        Assert.Equal(60, ids.Count);
    }

    [Fact]
    public void Rows_are_made_when_asked_for()
    {
        var rows = Rows(50);
        var data = _ml.Transforms.PseudoData(Options).Fit(rows).Transform(rows);
        _made = 0;
        Assert.Equal(4, _ml.Data.TakeRows(data, 4).GetColumn<MLVolume>("PseudoImage").Count());
        Assert.InRange(_made, 2, 3);
    }

    [Fact]
    public void Cache_and_shuffle_keep_pairs_together()
    {
        var rows = Rows(5);
        var data = _ml.Data.ShuffleRows(_ml.Data.Cache(_ml.Transforms.PseudoData(Options).Fit(rows).Transform(rows)), seed: 2);
        var pairs = _ml.Data.CreateEnumerable<PairRow>(data, reuseRowObject: false).ToList();
        Assert.Equal(15, pairs.Count);
        Assert.All(pairs, p => Assert.Equal($"c{(int)(p.PseudoImage!.Voxels[0] / 100)}", p.Id));
    }

    [Fact]
    public void Chosen_starts_and_the_axis_of_the_spacing()
    {
        var rows = Rows(1);
        var data = _ml.Transforms.PseudoData(new PseudoDataOptions { Factor = 3, Starts = [1] }).Fit(rows).Transform(rows);
        var pair = _ml.Data.CreateEnumerable<PairRow>(data, false).Single();
        Assert.Equal((1, 3), (pair.Start, pair.PseudoImage!.Depth));
        var isotropic = Rows(1, slice: 1);
        var unknown = _ml.Transforms.PseudoData(3).Fit(isotropic).Transform(isotropic);
        Assert.Contains("Options.Axis", Assert.Throws<InvalidOperationException>(() => unknown.GetColumn<MLVolume>("PseudoImage").ToList()).Message);
    }

    [Fact]
    public void Faults_are_named_before_work()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => _ml.Transforms.PseudoData(1));
        Assert.Throws<ArgumentException>(() => _ml.Transforms.PseudoData(new PseudoDataOptions { Starts = [0, 0] }));
        Assert.Throws<ArgumentException>(() => _ml.Transforms.PseudoData(new PseudoDataOptions { Factor = 3, Profile = SliceProfile.Gaussian(4) }));
        Assert.Contains("Set Options.Factor", Assert.Throws<ArgumentException>(() => _ml.Transforms.PseudoData().Fit(Rows(1))).Message);
        Assert.Contains("Starts holds 3", Assert.Throws<ArgumentException>(() => _ml.Transforms.PseudoData(Options with { Starts = [3] }).Fit(Rows(1))).Message);
        Assert.Contains("'HrImage'", Assert.Throws<ArgumentOutOfRangeException>(() => _ml.Transforms.PseudoData(3).Fit(_ml.Data.LoadFromEnumerable(new[] { new { X = 1f } }))).Message);
    }

    [Fact]
    public void Saved_and_loaded_it_makes_the_same_rows()
    {
        var rows = Rows(2);
        var options = Options with { Starts = [2, 0], Profile = SliceProfile.Gaussian(3, 2.0) };
        var model = _ml.Transforms.PseudoData(options).Fit(rows);
        string file = Path.Combine(_folder, "pseudo.zip");
        _ml.Model.Save(model, rows.Schema, file);
        var loaded = Assert.IsType<PseudoDataTransformer>(new MLContext().Model.Load(file, out _));
        var a = _ml.Data.CreateEnumerable<PairRow>(model.Transform(rows), false).ToList();
        var b = _ml.Data.CreateEnumerable<PairRow>(loaded.Transform(rows), false).ToList();
        Assert.Equal([2, 0, 2, 0], b.Select(p => p.Start));
        foreach (var (p, q) in a.Zip(b)) Assert.Equal(p.PseudoImage!.Voxels, q.PseudoImage!.Voxels);
    }

    public sealed class ThinRow
    {
        public string Id { get; set; } = "";
        [VolumeType] public MLVolume? HrImage { get; set; }
        [VolumeType] public MLVolume? HrLabel { get; set; }
        [VolumeType] public MLVolume? Uncertainty { get; set; }
    }

    public sealed class PairRow
    {
        public string Id { get; set; } = "";
        public int Start { get; set; }
        [VolumeType] public MLVolume? PseudoImage { get; set; }
        [VolumeType] public MLVolume? PseudoLabel { get; set; }
        [VolumeType] public MLVolume? PseudoHrLabel { get; set; }
        [VolumeType] public MLVolume? PseudoUncertainty { get; set; }
    }
}
