using REHRSeg.Onnx;
using TorchSharp;

namespace REHRSeg;

/// <summary>
/// Makes a network's layers and registers them under the full names that the published state dicts give them ("encoder.layer1.0.conv1.0"), so that
/// a network's file can read in the order of the data. First weights come from one generator, in the order of the calls: same seed, same weights.
/// </summary>
internal sealed class LayerFactory(torch.nn.Module network, int seed, ConvolutionPrecision precision) : IDisposable
{
    private readonly torch.Generator _random = new((ulong)(uint)seed, torch.CPU);
    private readonly Dictionary<string, torch.nn.Module> _groups = new() { [""] = network };

    public ConvolutionPrecision Precision => precision;

    public Conv3dLayer Conv3d(string name, int input, int output, PatchShape kernel, PatchShape? stride = null, bool bias = true, WeightInitialization initialization = WeightInitialization.Default) =>
        Add(name, new Conv3dLayer(input, output, kernel, stride ?? new(1, 1, 1), bias, _random, initialization, precision));

    public ConvTranspose3dLayer ConvTranspose3d(string name, int input, int output, PatchShape kernel, PatchShape stride, PatchShape padding = default, WeightInitialization initialization = WeightInitialization.Default) =>
        Add(name, new ConvTranspose3dLayer(input, output, kernel, stride, padding, _random, initialization, precision));

    public Conv2dLayer Conv2d(string name, int input, int output, int kernel, int padding, bool bias = true) =>
        Add(name, new Conv2dLayer(input, output, kernel, padding, bias, _random, precision));

    public WeightNormConv2dLayer WeightNormConv2d(string name, int input, int output, int kernel) => Add(name, new WeightNormConv2dLayer(input, output, kernel, _random, precision));

    public FeatureGate Gate(string name, int channels, WeightInitialization initialization = WeightInitialization.Default) =>
        Add(name, new FeatureGate(channels, _random, initialization, precision));

    public InstanceNormLayer InstanceNorm(string name, int channels) => Add(name, new InstanceNormLayer(channels));

    public void Dispose() => _random.Dispose();

    private T Add<T>(string name, T layer) where T : torch.nn.Module
    {
        int dot = name.LastIndexOf('.');
        Group(name[..Math.Max(dot, 0)]).register_module(name[(dot + 1)..], layer);
        return layer;
    }

    private torch.nn.Module Group(string name) => _groups.TryGetValue(name, out var group) ? group : _groups[name] = Add(name, new LayerGroup(name));

    /// <summary>One level of dotted names; computes nothing.</summary>
    private sealed class LayerGroup(string name) : torch.nn.Module(name);
}
