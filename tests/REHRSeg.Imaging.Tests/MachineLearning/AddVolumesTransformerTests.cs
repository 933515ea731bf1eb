using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace REHRSeg.Imaging.Tests;

public class AddVolumesTransformerTests
{
    readonly MLContext _ml = new(seed: 1);

    IDataView Rows(int count) => _ml.Data.LoadFromEnumerable(Enumerable.Range(0, count).Select(i => new VolumeDataViewTypeTests.Row { Image = VolumeDataViewTypeTests.Volume(i) }).ToList());

    [Fact]
    public void Columns_of_a_row_are_computed_together_once()
    {
        var transformer = new DoubleAndNegate(_ml);
        var data = transformer.Transform(Rows(3));
        using var cursor = data.GetRowCursor(data.Schema);
        var twice = cursor.GetGetter<MLVolume>(data.Schema["Twice"]);
        var minus = cursor.GetGetter<MLVolume>(data.Schema["Minus"]);
        var image = cursor.GetGetter<MLVolume>(data.Schema["Image"]);
        for (int i = 0; i < 3; i++)
        {
            Assert.True(cursor.MoveNext());
            MLVolume a = null!, b = null!, c = null!;
            twice(ref a);
            minus(ref b);
            twice(ref a);
            image(ref c);
            Assert.Equal((2f * i, -1f * i, 1f * i), (a.Voxels[0], b.Voxels[0], c.Voxels[0]));
        }
        Assert.False(cursor.MoveNext());
        Assert.Equal(3, transformer.Calls);
    }

    [Fact]
    public void Inactive_columns_are_not_computed()
    {
        var transformer = new DoubleAndNegate(_ml);
        var data = transformer.Transform(Rows(2));
        Assert.Equal(2, data.GetColumn<MLVolume>("Image").Count());
        Assert.Equal(0, transformer.Calls);
        Assert.Equal([0f, -1f], data.GetColumn<MLVolume>("Minus").Select(v => v.Voxels[0]));
        Assert.Equal([false, true], transformer.LastWanted);
        using var cursor = data.GetRowCursor(data.Schema.Where(c => c.Name == "Minus"));
        Assert.Throws<InvalidOperationException>(() => cursor.GetGetter<MLVolume>(data.Schema["Twice"]));
        Assert.Throws<InvalidOperationException>(() => cursor.GetGetter<float>(data.Schema["Minus"]));
    }

    [Fact]
    public void Cursors_run_in_parallel()
    {
        var data = new DoubleAndNegate(_ml).Transform(Rows(50));
        Parallel.For(0, 4, _ => Assert.Equal(Enumerable.Range(0, 50).Select(i => 2f * i), data.GetColumn<MLVolume>("Twice").Select(v => v.Voxels[0])));
    }

    [Fact]
    public void Missing_and_mistyped_columns_have_MLNets_words()
    {
        var transformer = new DoubleAndNegate(_ml);
        var missing = Assert.Throws<ArgumentOutOfRangeException>(() => transformer.Transform(_ml.Data.LoadFromEnumerable(new[] { new { X = 1f } })));
        Assert.Contains("Could not find input column 'Image'", missing.Message);
        var wrong = Assert.Throws<ArgumentOutOfRangeException>(() => transformer.Transform(_ml.Data.LoadFromEnumerable(new[] { new { Image = 1f } })));
        Assert.Contains("Schema mismatch for input column 'Image': expected Volume, got Single", wrong.Message);
    }

    [Fact]
    public void A_row_without_volume_is_named()
    {
        var data = new DoubleAndNegate(_ml).Transform(_ml.Data.LoadFromEnumerable(new[] { new VolumeDataViewTypeTests.Row() }));
        var error = Assert.Throws<InvalidOperationException>(() => data.GetColumn<MLVolume>("Twice").ToList());
        Assert.Contains("'Image' holds no volume in row 0", error.Message);
    }

    sealed class DoubleAndNegate(IHostEnvironment env) : AddVolumesTransformer(env.Register("Test"), [new("Twice", "Image"), new("Minus", "Image")])
    {
        public int Calls;
        public IReadOnlyList<bool> LastWanted = [];

        private protected override Func<MLVolume?[]> MakeRowFunction(DataViewRow input, IReadOnlyList<bool> wanted)
        {
            LastWanted = wanted;
            var image = VolumeGetter(input, "Image");
            return () =>
            {
                Interlocked.Increment(ref Calls);
                var v = image();
                MLVolume Times(float f) => v.WithVoxels(v.Voxels.ToArray().Select(x => f * x).ToArray());
                return [wanted[0] ? Times(2) : null, wanted[1] ? Times(-1) : null];
            };
        }

        private protected override void Save(ModelSaveContext context) => throw new NotSupportedException();
    }
}
