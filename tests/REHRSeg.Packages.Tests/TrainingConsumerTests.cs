using REHRSeg.Imaging;
using Xunit.Abstractions;

namespace REHRSeg.Packages.Tests;

/// <summary>An application with REHRSeg and libtorch that trains, and another one that loads what it saved.</summary>
[Collection(PackedFeedCollection.Name)]
public sealed class TrainingConsumerTests(PackedFeed feed, ITestOutputHelper log)
{
    [Fact]
    public void A_saved_chain_comes_back_typed_in_a_new_process_and_predicts_the_same()
    {
        string trained = feed.NewFolder("trained"), loaded = feed.NewFolder("loaded");
        Command.Dotnet(trained, feed.Built.Program("Train"), trained);
        string said = Command.Dotnet(loaded, feed.Built.Program("Load"), trained, loaded);
        log.WriteLine(said);
        Assert.Contains("members: REHRSeg.SelfSrTransformer, REHRSeg.PseudoDataTransformer, REHRSeg.RehrSegTransformer", said, StringComparison.Ordinal);
        Assert.Contains("factors: 2, 2", said, StringComparison.Ordinal);

        var image = VolumeFile.ReadGeometry(Path.Combine(trained, "image.nii.gz"));
        var thin = image.Refine(2, SliceAxis.Z);
        foreach (var (name, grid) in new[] { ("lr.nii.gz", image), ("hr.nii.gz", thin), ("probabilities.nii.gz", thin) })
        {
            MLVolume first = VolumeFile.Read(Path.Combine(trained, name)), second = VolumeFile.Read(Path.Combine(loaded, name));
            Assert.True(grid.IsSameGrid(first.Geometry) && grid.IsSameGrid(second.Geometry));
            Assert.Equal(first.Voxels, second.Voxels);
            if (name == "probabilities.nii.gz") Assert.True(first.Voxels.ToArray().Distinct().Count() > 1000, "the probabilities differ from voxel to voxel");
        }
    }
}
