using REHRSeg.Imaging;
using REHRSeg.Onnx;
using Xunit.Abstractions;

namespace REHRSeg.Packages.Tests;

/// <summary>An application with REHRSeg.Onnx and ONNX Runtime's natives, and nothing else.</summary>
[Collection(PackedFeedCollection.Name)]
public sealed class ScoringConsumerTests(PackedFeed feed, ITestOutputHelper log)
{
    [Fact]
    public void It_scores_as_the_repository_does_without_torch_and_under_60_MB()
    {
        string published = Path.Combine(feed.Root, "published");
        feed.Dotnet("publish", Path.Combine(feed.Built.Folder, "Score"), "-c", "Release", "--no-build", "-o", published);
        string[] files = [.. Directory.GetFiles(published, "*", SearchOption.AllDirectories)];
        Assert.DoesNotContain(files, f => Path.GetFileName(f).Contains("torch", StringComparison.OrdinalIgnoreCase) || Path.GetFileName(f).Contains("c10", StringComparison.Ordinal));
        long size = files.Sum(f => new FileInfo(f).Length);
        log.WriteLine($"published: {files.Length} files, {size / 1e6:0.0} MB");
        Assert.InRange(size, 1_000_000, 60_000_000);

        string model = Path.Combine(AppContext.BaseDirectory, "oracles", "segmenter.onnx"), output = feed.NewFolder("scored"), image = Path.Combine(output, "image.nii.gz");
        VolumeFile.Write(PhantomGenerator.Generate(3, 40, 36, 32).Image, image);
        string said = Command.Dotnet(output, Path.Combine(published, "Score.dll"), model, image, output);
        log.WriteLine(said);
        Assert.Matches("cold start to first label map: [0-9]+ ms", said);
        Assert.Contains("pipeline: REHRSeg.Imaging.LoadVolumesTransformer, REHRSeg.Onnx.OnnxSegmentationTransformer", said, StringComparison.Ordinal);

        using var scorer = new OnnxVolumeScorer(model);
        var expected = scorer.Score(VolumeFile.Read(image));
        AssertSame(expected.Lr!, Path.Combine(output, "lr.nii.gz"));
        AssertSame(expected.Hr!, Path.Combine(output, "hr.nii.gz"));
        AssertSame(expected.Hr!, Path.Combine(output, "pipeline_hr.nii.gz"));
        Assert.Equal([0f, 3f], expected.Hr!.Voxels.ToArray().Distinct().Order());
    }

    static void AssertSame(MLVolume expected, string file)
    {
        var written = VolumeFile.Read(file);
        Assert.True(expected.Geometry.IsSameGrid(written.Geometry));
        Assert.Equal(expected.Voxels, written.Voxels);
    }
}
