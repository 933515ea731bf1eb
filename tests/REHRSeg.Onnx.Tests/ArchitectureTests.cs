using System.Reflection;

namespace REHRSeg.Onnx.Tests;

public class ArchitectureTests
{
    [Theory]
    [InlineData(typeof(REHRSeg.Imaging.MLVolume))]
    [InlineData(typeof(OnnxVolumeScorer))]
    public void ImagingAndOnnxNeverReferToTorch(Type room)
    {
        var seen = new HashSet<string>();
        void Follow(Assembly assembly)
        {
            foreach (var reference in assembly.GetReferencedAssemblies())
            {
                Assert.DoesNotContain("torch", reference.Name!, StringComparison.OrdinalIgnoreCase);
                if (reference.Name!.StartsWith("REHRSeg", StringComparison.Ordinal) && seen.Add(reference.Name)) Follow(Assembly.Load(reference));
            }
        }
        Follow(room.Assembly);
    }

    [Fact]
    public void TheRoomsLieInOneDirection()
    {
        static string[] Rooms(Type type) => [.. type.Assembly.GetReferencedAssemblies().Select(a => a.Name!).Where(n => n.StartsWith("REHRSeg", StringComparison.Ordinal))];
        Assert.Empty(Rooms(typeof(REHRSeg.Imaging.MLVolume)));
        Assert.Equal(["REHRSeg.Imaging"], Rooms(typeof(OnnxVolumeScorer)));
    }

    [Fact]
    public void ScoringLoadsNoTorchAssembly()
    {
        using var scorer = new OnnxVolumeScorer(Path.Combine(AppContext.BaseDirectory, "oracles", "tiny_models", "segmenter.onnx"));
        scorer.Score(new(new([8, 8, 4], [1, 1, 4]), new float[256]));
        Assert.DoesNotContain(AppDomain.CurrentDomain.GetAssemblies(), a => a.GetName().Name!.Contains("torch", StringComparison.OrdinalIgnoreCase));
        Assert.Empty(Directory.EnumerateFiles(AppContext.BaseDirectory, "*orch*"));
    }
}
