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
        Check(own, weights.Where(w => w.Key.StartsWith(prefix, StringComparison.Ordinal)).ToDictionary(w => w.Key[prefix.Length..], w => w.Value.shape), source);
        foreach (var (name, tensor) in own) tensor.copy_(weights[prefix + name]);
    }

    static void Check(Dictionary<string, torch.Tensor> own, Dictionary<string, long[]> shapes, string source)
    {
        const string Remedy = "Use the options that the weights were trained with.";
        foreach (var (name, tensor) in own)
        {
            if (!shapes.TryGetValue(name, out long[]? shape)) throw new ModelFormatException($"{source}: tensor {name} of the network is missing. {Remedy}");
            if (!shape.SequenceEqual(tensor.shape)) throw new ModelFormatException($"{source}: tensor {name} has shape [{string.Join(", ", shape)}], the network's has [{string.Join(", ", tensor.shape)}]. {Remedy}");
        }
        if (shapes.Keys.FirstOrDefault(k => !own.ContainsKey(k)) is { } extra) throw new ModelFormatException($"{source}: the network has no tensor {extra}. {Remedy}");
    }

    /// <summary>Makes a network from the header of a safetensors stream and reads the weights right into it, so that there is no second copy of them in memory.</summary>
    /// <param name="device">Where the network comes to lie.</param>
    /// <param name="stream">From its position to its end.</param>
    /// <param name="source">What messages call the stream.</param>
    /// <param name="make">Makes the network from the metadata.</param>
    /// <exception cref="ModelFormatException">As <see cref="SafeTensors.Open"/> and <see cref="Load"/>.</exception>
    public static T Read<T>(torch.Device device, Stream stream, string source, Func<IReadOnlyDictionary<string, string>, T> make) where T : torch.nn.Module
    {
        var file = SafeTensors.Open(stream, source);
        var network = make(file.Metadata);
        try
        {
            using var noGrad = torch.no_grad();
            var own = Of(network);
            Check(own, file.Entries.ToDictionary(e => e.Name, e => e.Shape), source);
            foreach (var entry in file.Entries) file.Read(entry, own[entry.Name]);
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
