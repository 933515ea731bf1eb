using REHRSeg.Imaging;

namespace REHRSeg.Onnx.Tests;

/// <summary>Mutations of a tiny model: only <see cref="ModelFormatException"/>, or a scorer, may come out. <c>REHRSEG_FUZZ=50000</c> in the environment makes more of them.</summary>
public class ModelFuzzTests
{
    static readonly int s_rounds = int.TryParse(Environment.GetEnvironmentVariable("REHRSEG_FUZZ"), out int rounds) ? rounds : 3000;

    [Fact]
    public void MutationsAreRefusedOrLoaded()
    {
        byte[] model = TinyOnnx.Build(convolutions: 1);
        var image = new MLVolume(new([9, 9, 3], [1, 1, 4]), Enumerable.Range(0, 243).Select(i => (float)Math.Sin(i)).ToArray());
        int refused = 0, byUs = 0, scored = 0;
        for (int round = 0; round < s_rounds; round++)
        {
            byte[] mutant = Mutate(model, new Random(round));
            try
            {
                var file = OnnxFile.Inspect(mutant, "mutant.onnx");
                SegmentationModelInfo.FromMetadata(file.Metadata, "mutant.onnx");
            }
            catch (ModelFormatException)
            {
                byUs++;
            }
            try
            {
                using var scorer = new OnnxVolumeScorer(mutant, "mutant.onnx", new() { Threads = 1 });
                if (scorer.EstimateMemory(image.Geometry) > 1L << 30) continue; // a patch that is large, but not beyond sense
                scorer.Score(image);
                scored++;
            }
            catch (ModelFormatException)
            {
                refused++;
            }
        }
        Assert.True(refused > 0.3 * s_rounds && scored > 0.05 * s_rounds && byUs > 0.8 * refused, $"{refused} of {s_rounds} refused, {byUs} of them before the runtime; {scored} scored");
    }

    /// <summary>Bits flipped, bytes set, cut out, doubled, or exchanged.</summary>
    static byte[] Mutate(byte[] model, Random random)
    {
        var bytes = new List<byte>(model);
        for (int change = random.Next(1, 4); change > 0; change--)
        {
            int at = random.Next(bytes.Count), length = Math.Min(random.Next(1, 16), bytes.Count - at);
            switch (random.Next(6))
            {
                case 0: bytes[at] ^= (byte)(1 << random.Next(8)); break;
                case 1: bytes[at] = (byte)random.Next(256); break;
                case 2: bytes.RemoveRange(at, length); break;
                case 3: bytes.InsertRange(at, bytes.GetRange(at, length)); break;
                case 4: bytes[at] = new byte[] { 0, 1, 0x7f, 0x80, 0xff }[random.Next(5)]; break;
                default:
                    int other = random.Next(bytes.Count);
                    (bytes[at], bytes[other]) = (bytes[other], bytes[at]);
                    break;
            }
        }
        return [.. bytes];
    }
}
