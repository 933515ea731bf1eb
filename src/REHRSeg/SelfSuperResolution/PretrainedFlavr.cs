using REHRSeg.Imaging;
using TorchSharp;

namespace REHRSeg;

/// <summary>How the first convolution starts with pretrained weights: FLAVR's takes 3 colours, ours an image and labels.</summary>
public enum PretrainedStem
{
    /// <summary>At random, as published (METHOD.md 1.5).</summary>
    Fresh,
    /// <summary>
    /// The image's kernels are the sum of the 3 colours', so that an image gives what it gave as grey video; with C image channels each has 1/C of the sum.
    /// Labels' kernels start at 0; the bias is kept.
    /// </summary>
    SumOfRgb,
}

/// <summary>Weights of a FLAVR network that the self-SR network starts from (METHOD.md 1.5), checked when they are read.</summary>
internal sealed class PretrainedFlavr
{
    const int Colours = 3, NamedProblems = 5;

    readonly IReadOnlyDictionary<string, WeightArray> _weights;
    readonly string _file;

    PretrainedFlavr(string file, int width, PretrainedStem stem, IReadOnlyDictionary<string, WeightArray> weights)
    {
        (_file, Width, Stem, _weights) = (file, width, stem, weights);
        Hash = WeightHash.Of(weights);
    }

    /// <summary>Channels of the first level.</summary>
    public int Width { get; }
    public PretrainedStem Stem { get; }
    /// <summary>Of the names and numbers that are used, whatever the file's path and format.</summary>
    public string Hash { get; }

    /// <summary>Reads the weights that <paramref name="options"/> name; null if they name none.</summary>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="ModelFormatException">Not FLAVR's weights, of another width, damaged, or with more than tensors and plain values.</exception>
    public static PretrainedFlavr? Read(SelfSrOptions options) => options.PretrainedWeights is { } path ? Read(path, options.Width, options.PretrainedStem) : null;

    static PretrainedFlavr Read(string path, int width, PretrainedStem stem)
    {
        using var file = StateDictFile.Open(path, "state_dict", "model");
        int own = FlavrStateDict.WidthOf(file.Shapes, path);
        if (own != width)
            throw new ModelFormatException($"{path} holds a network of width {own}, and {nameof(SelfSrOptions)}.{nameof(SelfSrOptions.Width)} is {width}. Set it to {own} (command line: --set selfsr.width={own}), or give weights of width {width}.");
        List<(string Name, long[] Shape)> wanted = [.. FlavrStateDict.Backbone(width)];
        if (stem == PretrainedStem.SumOfRgb)
        {
            if (file.Shapes.ContainsKey("feature_fuse.conv.0.bias")) throw new ModelFormatException($"{path} holds a self-SR network, whose stem takes no colours. Set {nameof(SelfSrOptions.PretrainedStem)} to {nameof(PretrainedStem.Fresh)}.");
            wanted.AddRange([(FlavrStateDict.StemWeight, [width, Colours, 3, 7, 7]), (FlavrStateDict.StemBias, [width])]);
        }
        Check(file.Shapes, wanted, path);
        var weights = file.Read(wanted.Select(w => w.Name));
        if (weights.FirstOrDefault(w => Array.Exists(w.Value.Values, v => !float.IsFinite(v))).Key is { } strange)
            throw new ModelFormatException($"{path}: tensor {strange} holds NaN or infinity. Restore the file from a copy, or train the weights again.");
        return new(path, width, stem, weights);
    }

    /// <summary>Copies the weights into a network that was just made.</summary>
    /// <returns>What was taken, for the log.</returns>
    public string ApplyTo(SelfSrNetwork network)
    {
        using var noGradient = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        var own = ModuleTensors.Of(network);
        foreach (var (name, weight) in _weights)
            if (name != FlavrStateDict.StemWeight) own[name].copy_(Tensor(weight));
        if (_weights.TryGetValue(FlavrStateDict.StemWeight, out var stem))
        {
            int images = network.Architecture.ImageChannels;
            var target = own[FlavrStateDict.StemWeight];
            target.zero_();
            target.narrow(1, 0, images).copy_(Tensor(stem).sum(1, keepdim: true).Over(images));
        }
        return $"{_weights.Count} of {own.Count} tensors from {_file} (stem {Stem}); the rest start at random";
    }

    static torch.Tensor Tensor(WeightArray weight) => torch.tensor(weight.Values, [.. weight.Shape.Select(s => (long)s)]);

    static void Check(IReadOnlyDictionary<string, long[]> shapes, List<(string Name, long[] Shape)> wanted, string file)
    {
        static string Text(long[] shape) => string.Join("x", shape);
        string[] problems =
        [
            .. wanted.Where(w => !shapes.ContainsKey(w.Name)).Select(w => $"{w.Name} is missing"),
            .. shapes.Keys.Where(n => !FlavrStateDict.IsTaskLayer(n)).Except(wanted.Select(w => w.Name)).Order(StringComparer.Ordinal).Select(n => $"{n} is not part of FLAVR"),
            .. wanted.Where(w => shapes.TryGetValue(w.Name, out long[]? s) && !s.SequenceEqual(w.Shape)).Select(w => $"{w.Name} is {Text(shapes[w.Name])}, FLAVR's is {Text(w.Shape)}"),
        ];
        if (problems.Length == 0) return;
        string more = problems.Length > NamedProblems ? $"; and {problems.Length - NamedProblems} more" : "";
        throw new ModelFormatException($"{file} is not a FLAVR network's weights: {string.Join("; ", problems.Take(NamedProblems))}{more}. Give the published FLAVR file, or one that this tool wrote.");
    }
}
