using REHRSeg.Onnx;

namespace REHRSeg.Benchmarks;

/// <summary>
/// Patches a second of the sampler with all augmentations at their default probabilities, and what each part costs, in CPU time of one thread:
/// <c>-- --sampler</c>. Medians of several runs, the parts interleaved.
/// </summary>
internal static class SamplerThroughput
{
    const int Rounds = 7;

    public static void Run()
    {
        foreach (var (name, patch, size, batch) in new[] { ("hippocampus", new PatchShape(12, 40, 40), new PatchShape(13, 51, 36), 40), ("brain", new PatchShape(32, 224, 224), new PatchShape(38, 230, 190), 4) })
        {
            var source = Case(size);
            foreach (bool inPlane in new[] { true, false })
            {
                List<(string Name, Action<SeededRandom> Work)> parts = [("batch of all", Sampler(source, patch, batch, inPlane))];
                parts.Add(("rotated patch", random => PatchExtractor.Extract(source, default, patch, new SpatialTransform(1, 1, inPlane).Draw(random))));
                parts.Add(("straight patch", _ => PatchExtractor.Extract(source, default, patch, SpatialMap.Identity)));
                foreach (var (label, transform) in new (string, ISampleTransform)[]
                {
                    ("noise", new GaussianNoiseTransform(1)), ("blur", new GaussianBlurTransform(1)), ("brightness", new BrightnessTransform(1)), ("contrast", new ContrastTransform(1)),
                    ("low resolution", new LowResolutionTransform(1, inPlane)), ("gamma", new GammaTransform(1, false)), ("mirror", new MirrorTransform()),
                })
                {
                    var sample = PatchExtractor.Extract(source, default, patch, SpatialMap.Identity);
                    parts.Add((label, random => transform.Apply(sample, random)));
                }
                var times = parts.ToDictionary(p => p.Name, _ => new List<double>());
                for (int round = 0; round <= Rounds; round++)
                    foreach (var (label, work) in parts)
                    {
                        var before = Environment.CpuUsage.TotalTime;
                        int calls = label == "batch of all" ? 1 : patch.Voxels < 100_000 ? 60 : 4;
                        for (int i = 0; i < calls; i++) work(TrainingSeeds.Random(round, label, i));
                        if (round > 0) times[label].Add((Environment.CpuUsage.TotalTime - before).TotalMilliseconds / calls);
                    }
                Console.WriteLine($"{name} {patch}, {(inPlane ? "in-plane" : "3-D")}: {1000 * batch / Median(times["batch of all"]):0.#} patches/s of CPU time; ms: {string.Join(", ", times.Skip(1).Select(t => $"{t.Key} {Median(t.Value):0.00}"))}");
            }
        }
    }

    static Action<SeededRandom> Sampler(SegmentationCase source, PatchShape patch, int batch, bool inPlane)
    {
        var plan = SegmentationPlanner.Plan(new DatasetFingerprint([new("a", source.Shape, [4, 1, 1], 1)]), new PlanningBudget(), 1, 3, 4);
        var settings = PatchSamplerSettings.From(plan, new RehrSegOptions());
        settings = settings with
        {
            Patch = patch, BatchSize = batch, Spatial = new(0.2, 0.2, inPlane),
            Transforms = [.. settings.Transforms.Select(t => t is LowResolutionTransform ? new LowResolutionTransform(0.25, inPlane) : t)],
        };
        var sampler = new PatchSampler([source], [], settings);
        return random => sampler.Draw(random);
    }

    static SegmentationCase Case(PatchShape size)
    {
        var random = TrainingSeeds.Random(1, "case");
        float[] image = new float[size.Voxels], uncertainty = new float[size.Voxels];
        byte[] label = new byte[size.Voxels], thin = new byte[4 * size.Voxels];
        int area = size.Height * size.Width;
        for (int i = 0; i < image.Length; i++)
        {
            var (y, x) = (i % area / size.Width - size.Height / 2, i % size.Width - size.Width / 2);
            label[i] = (byte)(y * y + x * x < area / 30 ? 1 : y * y + x * x < area / 15 ? 2 : 0);
            (image[i], uncertainty[i]) = (label[i] + (float)random.NextGaussian(), random.NextSingle());
            for (int k = 0; k < 4; k++) thin[(i / area * 4 + k) * area + i % area] = label[i];
        }
        return new()
        {
            Id = "case", Shape = size, Channels = 1, Image = image, Label = label, Factor = 4, HrLabel = thin, Uncertainty = uncertainty, UnitRanges = [new(0.2f, 0.5f)],
            Foreground = SegmentationCase.FindForeground(label, 3, random),
        };
    }

    static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);
}
