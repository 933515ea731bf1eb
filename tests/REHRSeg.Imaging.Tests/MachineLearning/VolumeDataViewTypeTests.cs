using Microsoft.ML;
using Microsoft.ML.Data;

namespace REHRSeg.Imaging.Tests;

public class VolumeDataViewTypeTests
{
    readonly MLContext _ml = new(seed: 1);

    internal static MLVolume Volume(float value, int depth = 2) => new(new([4, 3, depth], [1, 1, 4]), Enumerable.Repeat(value, 12 * depth).ToArray());

    IDataView Rows(int count) => _ml.Data.LoadFromEnumerable(Enumerable.Range(0, count).Select(i => new Row { Id = $"case{i}", Age = i, Image = Volume(i) }));

    List<(string Id, float Value)> Read(IDataView data)
        => [.. _ml.Data.CreateEnumerable<Row>(data, reuseRowObject: false).Select(r => (r.Id, r.Image!.Voxels[0]))];

    [Fact]
    public void Enumerable_round_trip_keeps_objects()
    {
        var rows = Enumerable.Range(0, 3).Select(i => new Row { Id = $"{i}", Image = Volume(i) }).ToList();
        var back = _ml.Data.CreateEnumerable<Row>(_ml.Data.LoadFromEnumerable(rows), false).ToList();
        for (int i = 0; i < 3; i++) Assert.Same(rows[i].Image, back[i].Image);
    }

    [Fact]
    public void Cache_shuffle_take_filter_and_split_keep_the_column()
    {
        Assert.Equal([0f, 1f, 2f], Read(_ml.Data.Cache(Rows(3))).Select(r => r.Value));
        Assert.Equal([2f, 3f], Read(_ml.Data.TakeRows(_ml.Data.SkipRows(Rows(5), 2), 2)).Select(r => r.Value));
        Assert.Equal([3f, 4f], Read(_ml.Data.FilterRowsByColumn(Rows(5), "Age", lowerBound: 3)).Select(r => r.Value));
        var shuffled = Read(_ml.Data.ShuffleRows(Rows(8)));
        Assert.All(shuffled, r => Assert.Equal($"case{r.Value}", r.Id));
        Assert.Equal(Enumerable.Range(0, 8).Select(i => (float)i), shuffled.Select(r => r.Value).Order());
        var split = _ml.Data.TrainTestSplit(Rows(10), 0.3);
        Assert.Equal(10, Read(split.TrainSet).Count + Read(split.TestSet).Count);
    }

    [Fact]
    public void Modalities_concatenate_to_a_vector()
    {
        var data = _ml.Transforms.CopyColumns("Second", "Image").Append(_ml.Transforms.Concatenate("Both", "Image", "Second")).Fit(Rows(1)).Transform(Rows(1));
        var both = data.GetColumn<VBuffer<MLVolume>>("Both").Single();
        Assert.Equal(2, both.Length);
    }

    [Fact]
    public void A_prediction_engine_carries_volumes()
    {
        using var engine = _ml.Model.CreatePredictionEngine<Row, Copied>(_ml.Transforms.CopyColumns("Copy", "Image").Fit(Rows(1)));
        MLVolume first = Volume(7), second = Volume(8);
        var a = engine.Predict(new() { Image = first });
        var b = engine.Predict(new() { Image = second });
        Assert.Same(first, a.Copy);
        Assert.Same(second, b.Copy);
    }

    [Fact]
    public void Type_and_attribute_equal_their_like()
    {
        Assert.Equal("Volume", VolumeDataViewType.Instance.ToString());
        Assert.True(new VolumeTypeAttribute().Equals(new VolumeTypeAttribute()));
        Assert.Same(VolumeDataViewType.Instance, Rows(1).Schema["Image"].Type);
    }

    public sealed class Row
    {
        public string Id { get; set; } = "";
        public float Age { get; set; }
        [VolumeType] public MLVolume? Image { get; set; }
    }

    public sealed class Copied
    {
        [VolumeType] public MLVolume? Copy { get; set; }
    }
}
