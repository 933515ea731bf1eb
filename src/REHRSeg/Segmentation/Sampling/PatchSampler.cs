using REHRSeg.Onnx;

namespace REHRSeg;

/// <summary>What a batch is drawn and changed by.</summary>
internal sealed record PatchSamplerSettings
{
    /// <summary>D, H, W.</summary>
    public required PatchShape Patch { get; init; }
    /// <summary>Samples per batch, at least 1.</summary>
    public required int BatchSize { get; init; }
    /// <summary>Share of a batch, its end, that is centred on a foreground voxel.</summary>
    public double ForegroundShare { get; init; } = 0.33;
    /// <summary>Probability that a sample is a real case instead of a pseudo pair.</summary>
    public double RealFraction { get; init; }
    /// <summary>Rotation and scaling, made while the patch is cut.</summary>
    public required SpatialTransform Spatial { get; init; }
    /// <summary>Changes after that, in this order.</summary>
    public required IReadOnlyList<ISampleTransform> Transforms { get; init; }

    /// <summary>nnU-Net's augmentations in its order (METHOD.md section 7), as the options switch them.</summary>
    public static PatchSamplerSettings From(SegmentationPlan plan, RehrSegOptions options)
    {
        bool inPlane = plan.InPlaneAugmentation;
        List<ISampleTransform> transforms =
        [
            new GaussianNoiseTransform(options.NoiseProbability),
            new GaussianBlurTransform(options.BlurProbability),
            new BrightnessTransform(options.BrightnessProbability),
            new ContrastTransform(options.ContrastProbability),
            new LowResolutionTransform(options.LowResolutionProbability, inPlane),
            new GammaTransform(options.InvertedGammaProbability, Inverted: true),
            new GammaTransform(options.GammaProbability, Inverted: false),
        ];
        if (options.Mirror) transforms.Add(new MirrorTransform());
        return new()
        {
            Patch = plan.Patch,
            BatchSize = plan.BatchSize,
            ForegroundShare = options.ForegroundShare,
            Spatial = new(options.RotationProbability, options.ScalingProbability, inPlane) { InPlaneLimit = PlanarPlanner.RotationLimit(plan.Patch) },
            Transforms = transforms,
        };
    }
}

/// <summary>
/// Draws batches as nnU-Net does: a case at random with replacement; the last part of a batch is centred on a stored voxel of a random
/// foreground class of the case; the others lie uniformly within the case. Cases smaller than the patch are padded.
/// </summary>
/// <param name="pseudo">Pseudo pairs, or for the nnU-Net phase the real cases.</param>
/// <param name="real">Real cases to mix in.</param>
/// <param name="settings">Patch, batch, augmentation.</param>
internal sealed class PatchSampler(IReadOnlyList<SegmentationCase> pseudo, IReadOnlyList<SegmentationCase> real, PatchSamplerSettings settings)
{
    /// <summary>D, H, W.</summary>
    public PatchShape Patch => settings.Patch;

    /// <summary>One batch.</summary>
    public SegmentationBatch Draw(SeededRandom random) => Draw(random, 1)[0];

    /// <summary>A batch <paramref name="parts"/> times as large, in as many parts; samples with thin labels come first.</summary>
    public SegmentationBatch[] Draw(SeededRandom random, int parts)
    {
        int count = settings.BatchSize * parts, forcedFrom = (int)Math.Round(count * (1 - settings.ForegroundShare));
        var samples = new SegmentationSample[count];
        for (int i = 0; i < count; i++)
        {
            var pool = real.Count > 0 && random.NextDouble() < settings.RealFraction ? real : pseudo;
            var source = pool[random.Next(pool.Count)];
            var corner = Corner(source, i >= forcedFrom, random);
            samples[i] = PatchExtractor.Extract(source, corner, settings.Patch, settings.Spatial.Draw(random));
            foreach (var transform in settings.Transforms) transform.Apply(samples[i], random);
        }
        return [.. samples.OrderBy(s => s.HrLabel is null).Chunk(settings.BatchSize).Select(part => new SegmentationBatch(part))];
    }

    PatchCorner Corner(SegmentationCase source, bool foreground, SeededRandom random)
    {
        var (size, patch) = (source.Shape, settings.Patch);
        if (!foreground || source.Foreground.Length == 0)
            return new(Uniform(size.Depth, patch.Depth), Uniform(size.Height, patch.Height), Uniform(size.Width, patch.Width));
        var voxels = source.Foreground[random.Next(source.Foreground.Length)];
        int voxel = voxels[random.Next(voxels.Length)];
        return new(
            Centred(voxel / (size.Height * size.Width), size.Depth, patch.Depth),
            Centred(voxel / size.Width % size.Height, size.Height, patch.Height),
            Centred(voxel % size.Width, size.Width, patch.Width));

        int Uniform(int size, int patch)
        {
            var (low, high) = Bounds(size, patch);
            return random.Next(low, high + 1);
        }

        static int Centred(int at, int size, int patch)
        {
            var (low, high) = Bounds(size, patch);
            return Math.Clamp(at - patch / 2, low, high);
        }
    }

    /// <summary>First and last corner along one axis; a smaller case is centred in the patch.</summary>
    static (int Low, int High) Bounds(int size, int patch) => size >= patch ? (0, size - patch) : (-((patch - size) / 2), -((patch - size) / 2));
}
