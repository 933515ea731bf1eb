using System.Collections.Immutable;
using System.Text.Json.Nodes;
using REHRSeg.Imaging;
using TorchSharp;

namespace REHRSeg;

/// <summary>
/// A checkpoint of an nnU-Net v2 training (METHOD.md 6.3): <c>network_weights</c>, and in <c>init_args</c> the plan that it was trained by. The names under <c>all_modules</c> and
/// <c>decoder.encoder</c> are the same tensors once more and are passed over.
/// </summary>
internal sealed class NnUNetCheckpoint
{
    const string FirstConvolution = "encoder.stages.0.0.convs.0.conv.weight", Heads = "decoder.seg_layers.";
    const string Remedy = "Give the plans that the checkpoint was trained by (--nnunet-plans and --nnunet-configuration), or leave them out to take those inside the checkpoint.";

    readonly IReadOnlyDictionary<string, WeightArray> _weights;
    readonly JsonObject? _plans;
    readonly string _file;

    NnUNetCheckpoint(string file, IReadOnlyDictionary<string, WeightArray> weights, JsonObject? plans, string? configuration)
        => (_file, _weights, _plans, Configuration, Hash) = (file, weights, plans, configuration, WeightHash.Of(weights));

    /// <summary>Configuration that it was trained with; null: it does not say.</summary>
    public string? Configuration { get; }
    /// <summary>Of the names and numbers, whatever the file's path.</summary>
    public string Hash { get; }

    /// <summary>Reads what <see cref="RehrSegOptions.PretrainedNnUNet"/> names; null if it names nothing.</summary>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="ModelFormatException">Not nnU-Net's checkpoint, damaged, or with more than tensors, plain values, numpy scalars and a device.</exception>
    public static NnUNetCheckpoint? Read(RehrSegOptions options)
    {
        if (options.PretrainedNnUNet is not { } path) return null;
        if (!File.Exists(path)) throw new FileNotFoundException($"There is no checkpoint {path}. Give a checkpoint_final.pth or checkpoint_best.pth of an nnU-Net v2 training.", path);
        using var file = PthFile.Open(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16), path, PthContent.Checkpoint);
        var all = file.StateDict("network_weights");
        var primary = new Dictionary<string, PthTensor>();
        foreach (var (name, tensor) in all)
        {
            string plain = Plain(name);
            if (!plain.Contains(".all_modules.", StringComparison.Ordinal) && !plain.StartsWith("decoder.encoder.", StringComparison.Ordinal)) primary[plain] = tensor;
        }
        if (!primary.ContainsKey(FirstConvolution))
            throw new ModelFormatException($"{path} holds {all.Count} tensors, but not those of nnU-Net's PlainConvUNet (there is no {FirstConvolution}): {string.Join(", ", primary.Keys.Order(StringComparer.Ordinal).Take(4))}. Give a checkpoint of nnU-Net v2's default network; other networks, for example residual encoders, are not supported.");
        var weights = file.Read(primary);
        if (weights.FirstOrDefault(w => Array.Exists(w.Value.Values, v => !float.IsFinite(v))).Key is { } strange)
            throw new ModelFormatException($"{path}: tensor {strange} holds NaN or infinity. Give another checkpoint of the training.");
        var arguments = (file.Root as Dictionary<string, object?>)?.GetValueOrDefault("init_args") as Dictionary<string, object?>;
        return new(path, weights, PickledJson.Of(arguments?.GetValueOrDefault("plans"), path) as JsonObject, arguments?.GetValueOrDefault("configuration") as string);
    }

    /// <summary>The plan inside; null: there is none.</summary>
    /// <param name="configuration">Name; null: the one that it was trained with.</param>
    /// <exception cref="ModelFormatException">It cannot be represented.</exception>
    public NnUNetConfiguration? Plan(string? configuration) => _plans is null ? null : NnUNetConfiguration.Parse(_plans, configuration ?? Configuration ?? NnUNetConfiguration.Standard, _file);

    /// <summary>True if the weights' second and third axes are our third and second.</summary>
    /// <exception cref="ModelFormatException">The first axis in training was not the slice axis.</exception>
    public bool SwapsPlane(SliceAxis? axis) => _plans is not null && NnUNetAxes.SwapsPlane(new NnUNetPlansFile(_plans, _file).Transpose, axis, _file);

    /// <summary>Checks that the weights are of a network.</summary>
    /// <returns>Layers that stay at random, because they are for another number of classes.</returns>
    /// <exception cref="ModelFormatException">Another number of channels, or another network: names the first tensor that differs, both shapes and the remedy.</exception>
    public IReadOnlyList<string> Check(SegmentationArchitecture network, bool swapsPlane)
    {
        if (Shape(FirstConvolution, swapsPlane) is [_, var channels, ..] && channels != network.Channels)
            throw new ModelFormatException($"{_file} is of a network for {channels} image channel(s) ({FirstConvolution} is {Text(Shape(FirstConvolution, swapsPlane)!)}), the cases have {network.Channels}. Give a checkpoint that was trained on the same channels.");
        List<string> random = [];
        foreach (var (name, wanted) in SegmentationNetworkShapes.Of(network))
        {
            var found = Shape(name, swapsPlane);
            if (found is not null && found.SequenceEqual(wanted)) continue;
            if (found is not null && name.StartsWith(Heads, StringComparison.Ordinal) && found.Skip(1).SequenceEqual(wanted.Skip(1))) random.Add(name);
            else throw new ModelFormatException($"{_file} is a checkpoint of another plan: {name} is {(found is null ? "missing" : Text(found))} there, and {Text(wanted)} in this network. {Remedy}");
        }
        int stages = network.Features.Length;
        if (_weights.Keys.FirstOrDefault(n => n.StartsWith($"encoder.stages.{stages}.", StringComparison.Ordinal)) is { } extra)
            throw new ModelFormatException($"{_file} is a checkpoint of another plan: {extra} is {Text(Shape(extra, swapsPlane)!)} there, and this network has {stages} stages only. {Remedy}");
        return random;
    }

    /// <summary>Copies the weights into a network that was just made.</summary>
    /// <returns>What was taken, for the log; and what stays at random, null: nothing.</returns>
    /// <exception cref="ModelFormatException">As <see cref="Check"/>.</exception>
    public (string Taken, string? Random) ApplyTo(SegmentationNetwork network, bool swapsPlane)
    {
        var random = Check(network.Architecture, swapsPlane);
        using var noGradient = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        int taken = 0;
        foreach (var (name, own) in ModuleTensors.Of(network))
        {
            if (!_weights.TryGetValue(name, out var weight) || random.Contains(name)) continue;
            var tensor = torch.tensor(weight.Values, [.. weight.Shape.Select(s => (long)s)]);
            own.copy_(swapsPlane && weight.Shape.Length == 5 ? tensor.transpose(3, 4) : tensor);
            taken++;
        }
        return ($"{taken} tensors from {_file}{(Configuration is null ? "" : $" (nnU-Net {Configuration})")}",
            random.Count == 0 ? null : $"{_file} was trained for {_weights[random[0]].Shape[0]} classes, the labels name {network.Architecture.Classes}: {string.Join(", ", random)} start at random.");
    }

    /// <summary>Without the prefixes of data-parallel and compiled networks.</summary>
    static string Plain(string name)
    {
        foreach (string prefix in (string[])["module.", "_orig_mod."])
            if (name.StartsWith(prefix, StringComparison.Ordinal)) name = name[prefix.Length..];
        return name;
    }

    long[]? Shape(string name, bool swapsPlane)
    {
        if (!_weights.TryGetValue(name, out var weight)) return null;
        long[] shape = [.. weight.Shape.Select(s => (long)s)];
        if (swapsPlane && shape.Length == 5) (shape[3], shape[4]) = (shape[4], shape[3]);
        return shape;
    }

    static string Text(IEnumerable<long> shape) => string.Join("x", shape);
}
