using REHRSeg.Imaging;
using TorchSharp;

namespace REHRSeg;

/// <summary>A network's parameters and buffers as named tensors.</summary>
internal static class ModuleTensors
{
    /// <summary>Parameters and buffers by name (not copies), in the network's order.</summary>
    public static Dictionary<string, torch.Tensor> Of(torch.nn.Module network)
    {
        ArgumentNullException.ThrowIfNull(network);
        var weights = new Dictionary<string, torch.Tensor>();
        foreach (var (name, parameter) in network.named_parameters()) weights.TryAdd(name, parameter);
        foreach (var (name, buffer) in network.named_buffers()) weights.TryAdd(name, buffer);
        return weights;
    }

    /// <summary>Copies weights into a network, which must have exactly these names and shapes. Everything is checked first.</summary>
    /// <param name="network">Receives the weights, on its own device.</param>
    /// <param name="weights">By name; others whose name does not start with <paramref name="prefix"/> are passed over.</param>
    /// <param name="source">What messages call the origin.</param>
    /// <param name="prefix">Taken off the names.</param>
    /// <exception cref="ModelFormatException">Names the tensor that is missing, too many, or of another shape.</exception>
    public static void Load(torch.nn.Module network, IReadOnlyDictionary<string, torch.Tensor> weights, string source, string prefix = "")
    {
        using var noGrad = torch.no_grad();
        var own = Of(network);
        Check(own, weights.ToDictionary(w => w.Key, w => w.Value.shape), source, prefix);
        foreach (var (name, tensor) in own) tensor.copy_(weights[prefix + name]);
    }

    static void Check(Dictionary<string, torch.Tensor> own, IReadOnlyDictionary<string, long[]> shapes, string source, string prefix)
    {
        const string Remedy = "Use the options that the weights were trained with.";
        foreach (var (name, tensor) in own)
        {
            if (!shapes.TryGetValue(prefix + name, out long[]? shape)) throw new ModelFormatException($"{source}: tensor {name} of the network is missing. {Remedy}");
            if (!shape.SequenceEqual(tensor.shape)) throw new ModelFormatException($"{source}: tensor {name} has shape [{string.Join(", ", shape)}], the network's has [{string.Join(", ", tensor.shape)}]. {Remedy}");
        }
        if (shapes.Keys.FirstOrDefault(k => k.StartsWith(prefix, StringComparison.Ordinal) && !own.ContainsKey(k[prefix.Length..])) is { } extra)
            throw new ModelFormatException($"{source}: the network has no tensor {extra[prefix.Length..]}. {Remedy}");
    }

    /// <summary>
    /// Loads a network that was just made and moves it to a device; where that fails, the network is disposed. Tensors are read one at a time, so that the
    /// weights are not in memory twice.
    /// </summary>
    /// <exception cref="ModelFormatException">As <see cref="Load"/>.</exception>
    public static T LoadOnto<T>(torch.Device device, T network, SafeTensorsReader weights, string source) where T : torch.nn.Module
    {
        try
        {
            var own = Of(network);
            Check(own, weights.Shapes, source, "");
            using (torch.no_grad())
                foreach (var (name, tensor) in weights.ReadTensors())
                    using (tensor) own[name].copy_(tensor);
            network.to(device);
            return network;
        }
        catch
        {
            network.Dispose();
            throw;
        }
    }
}
