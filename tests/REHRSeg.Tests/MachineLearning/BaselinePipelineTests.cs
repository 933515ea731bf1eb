using Microsoft.ML;
using Microsoft.ML.Data;
using REHRSeg.Imaging;

namespace REHRSeg.Tests;

/// <summary>Baselines as options of the estimator: no self-SR before them, the same columns after them.</summary>
public class BaselinePipelineTests
{
    readonly MLContext _ml = new(seed: 3);

    static readonly RehrSegOptions Options = TinyPhantoms.RehrSeg with { PlanarBatchSize = 2, MaxPatchSide = 32, Mirror = false };

    [Theory]
    [InlineData(SegmentationMethod.NnUNet, false)]
    [InlineData(SegmentationMethod.NnUNet2D, true)]
    [InlineData(SegmentationMethod.NnUNetInterpolated, true)]
    public void Fits_on_cases_alone_and_scores_after_a_file(SegmentationMethod method, bool thin)
    {
        using var folder = new TemporaryFolder();
        var data = TinyPhantoms.Data(_ml);
        var estimator = _ml.Transforms.RehrSeg(Options with { Method = method });
        using var fitted = estimator.Fit(data);
        var transformed = fitted.Transform(data);
        Assert.Equal(thin, transformed.Schema.GetColumnOrNull("HrSegmentation") is not null);
        string file = Path.Combine(folder.Path, "model.zip");
        _ml.Model.Save(fitted, data.Schema, file);
        using var loaded = (IDisposable)_ml.Model.Load(file, out _);
        var again = ((ITransformer)loaded).Transform(data);
        foreach (string column in (string[])["LrSegmentation", .. thin ? (string[])["HrSegmentation"] : []])
        {
            var (a, b) = (transformed.GetColumn<MLVolume>(column).ToList(), again.GetColumn<MLVolume>(column).ToList());
            Assert.Equal(2, a.Count);
            for (int i = 0; i < 2; i++)
            {
                Assert.Null(a[i].Geometry.DescribeDifference(column[0] == 'H' ? TinyPhantoms.Grid.Refine(2, SliceAxis.Z) : TinyPhantoms.Grid));
                Assert.Equal(a[i].Voxels, b[i].Voxels);
            }
        }
    }

    [Fact]
    public void Pseudo_columns_are_neither_needed_whole_nor_computed()
    {
        int computed = 0;
        var half = _ml.Transforms.CustomMapping<TinyPhantoms.Row, Pseudo>((from, to) =>
        {
            computed++;
            to.PseudoImage = from.Image;
        }, null);
        using var chain = half.Append(_ml.Transforms.RehrSeg(Options with { Method = SegmentationMethod.NnUNet, Seed = 5 })).Fit(TinyPhantoms.Data(_ml));
        using var alone = _ml.Transforms.RehrSeg(Options with { Method = SegmentationMethod.NnUNet, Seed = 5 }).Fit(TinyPhantoms.Data(_ml));
        Assert.Equal(0, computed);
        Assert.Equal(alone.Transform(TinyPhantoms.Data(_ml)).GetColumn<MLVolume>("LrSegmentation").First().Voxels, chain.LastTransformer.Transform(TinyPhantoms.Data(_ml)).GetColumn<MLVolume>("LrSegmentation").First().Voxels);
    }

    [Fact]
    public void Thin_cases_train_the_fully_supervised_model_without_refinement()
    {
        var cube = new VolumeGeometry([32, 32, 12], [1, 1, 1]);
        var rows = Enumerable.Range(0, 2).Select(TinyPhantoms.Case).Select(r => new TinyPhantoms.Row { Id = r.Id, Image = new(cube, r.Image!.Memory), Label = new(cube, r.Label!.Memory) }).ToList();
        var data = _ml.Data.LoadFromEnumerable(rows);
        using var fitted = _ml.Transforms.RehrSeg(Options with { Method = SegmentationMethod.FullySupervised }).Fit(data);
        Assert.Equal(1, fitted.Model.Info.Factor);
        var scored = fitted.Transform(data);
        Assert.Null(scored.Schema.GetColumnOrNull("HrSegmentation"));
        Assert.All(scored.GetColumn<MLVolume>("LrSegmentation"), v => Assert.True(v.Geometry.IsSameGrid(cube)));
    }

    sealed class Pseudo
    {
        [VolumeType] public MLVolume? PseudoImage { get; set; }
    }
}
