using System.Collections.Immutable;
using System.Runtime.InteropServices;
using REHRSeg.Imaging;
using TorchSharp;

namespace REHRSeg;

/// <summary>A network's weights outside Torch, by state-dict name.</summary>
internal static class NetworkWeights
{
    /// <summary>Copies of all parameters and buffers, in ordinal order of their names.</summary>
    public static IReadOnlyDictionary<string, WeightArray> Export(torch.nn.Module network)
    {
        using var noGradient = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        var weights = new SortedDictionary<string, WeightArray>(StringComparer.Ordinal);
        foreach (var (name, tensor) in network.state_dict())
        {
            var values = tensor.detach().cpu().to_type(torch.ScalarType.Float32).contiguous();
            weights.Add(name, new([.. tensor.shape.Select(s => (int)s)], MemoryMarshal.Cast<byte, float>(values.bytes).ToArray()));
        }
        return weights;
    }

    /// <summary>Copies weights into the network; nothing changes unless all fit.</summary>
    /// <exception cref="ModelFormatException">A name is missing or unknown, or a shape or number of values differs; says which.</exception>
    public static void Load(torch.nn.Module network, IReadOnlyDictionary<string, WeightArray> weights)
    {
        using var noGradient = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        var own = network.state_dict();
        string[] problems =
        [
            .. own.Keys.Except(weights.Keys).Order(StringComparer.Ordinal).Select(name => $"{name} is missing"),
            .. weights.Keys.Except(own.Keys).Order(StringComparer.Ordinal).Select(name => $"{name} is not part of the network"),
            .. weights.Where(w => own.TryGetValue(w.Key, out var t) && !Fits(t, w.Value)).Select(w =>
                $"{w.Key} is {Text(w.Value.Shape.Select(s => (long)s))} with {w.Value.Values.Length} values, the network's is {Text(own[w.Key].shape)}"),
        ];
        if (problems.Length > 0)
        {
            string more = problems.Length > 5 ? $"; and {problems.Length - 5} more" : "";
            throw new ModelFormatException($"The weights do not fit the network ({network.GetName()}): {string.Join("; ", problems.Take(5))}{more}. Load them with the architecture that they were trained with.");
        }
        foreach (var (name, weight) in weights)
        {
            own[name].copy_(torch.tensor(weight.Values, own[name].shape));
        }

        static bool Fits(torch.Tensor tensor, WeightArray weight) => tensor.shape.SequenceEqual(weight.Shape.Select(s => (long)s)) && tensor.numel() == weight.Values.Length;
        static string Text(IEnumerable<long> shape) => string.Join("x", shape);
    }
}
