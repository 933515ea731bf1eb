using TorchSharp;
using TorchSharp.Modules;

namespace REHRSeg;

/// <summary>Distribution of a convolution's first weights.</summary>
internal enum WeightInitialization
{
    /// <summary>PyTorch's: weights and biases uniform in +-1/sqrt(fan in).</summary>
    Default,
    /// <summary>Normal, variance 2 / fan out, biases 0 (FLAVR's encoder, METHOD.md 1.1).</summary>
    KaimingFanOut,
    /// <summary>Normal, variance 2 / ((1 + 0.01^2) fan in), biases 0 (nnU-Net, METHOD.md 6.3).</summary>
    KaimingLeaky,
}

/// <summary>A convolution that computes in its network's <see cref="ConvolutionPrecision"/> from float32 parameters; the output keeps that precision.</summary>
internal abstract class ConvolutionLayer : torch.nn.Module<torch.Tensor, torch.Tensor>
{
    // Torch finds parameters by field name when a module changes its device.
    protected Parameter weight;
    protected Parameter? bias;

    /// <param name="shape">Of the weights. As in PyTorch, <c>shape[1]</c> counts for the fan in, also of a transposed convolution.</param>
    /// <param name="biases">Number of biases; 0: none.</param>
    /// <param name="random">Source of the first weights.</param>
    /// <param name="initialization">Their distribution.</param>
    /// <param name="precision">Shared by the network's layers.</param>
    protected ConvolutionLayer(long[] shape, int biases, torch.Generator random, WeightInitialization initialization, ConvolutionPrecision precision) : base(nameof(ConvolutionLayer))
    {
        using var noGradient = torch.no_grad();
        Precision = precision;
        long kernel = shape.Skip(2).Aggregate(1L, (a, b) => a * b), fanIn = shape[1] * kernel, fanOut = shape[0] * kernel;
        var values = torch.empty(shape);
        double bound = 1 / Math.Sqrt(fanIn);
        _ = initialization switch
        {
            WeightInitialization.KaimingFanOut => values.normal_(0, Math.Sqrt(2.0 / fanOut), random),
            WeightInitialization.KaimingLeaky => values.normal_(0, Math.Sqrt(2 / ((1 + 0.01 * 0.01) * fanIn)), random),
            _ => values.uniform_(-bound, bound, random),
        };
        weight = new Parameter(values);
        weight.DetachFromDisposeScope();
        register_parameter(nameof(weight), weight);
        if (biases > 0)
        {
            bias = new Parameter(initialization == WeightInitialization.Default ? torch.empty([biases]).uniform_(-bound, bound, random) : torch.zeros([biases]));
            bias.DetachFromDisposeScope();
            register_parameter(nameof(bias), bias);
        }
    }

    public torch.Tensor Weight => weight;

    public torch.Tensor? Bias => bias;

    protected ConvolutionPrecision Precision { get; }

    public override torch.Tensor forward(torch.Tensor x)
    {
        using var scope = torch.NewDisposeScope();
        bool pair = FallsOffFastPath(x);
        var y = Convolve(Precision.Cast(pair ? torch.cat([x, x], 0) : x), Precision.Cast(weight), bias is null ? null : Precision.Cast(bias));
        return (pair ? y.narrow(0, 0, 1) : y).MoveToOuterDisposeScope();
    }

    // libtorch gives a float32 convolution of one small sample to its slow kernel, which takes more than twice as long as oneDNN takes for two.
    private bool FallsOffFastPath(torch.Tensor x) => x.shape is [1, var c, var d, var h, ..] && c * d * h <= OneDnnThreshold && weight.shape[^1] > 1
        && !Precision.BFloat16 && x.device_type == DeviceType.CPU && !x.requires_grad;

    private const long OneDnnThreshold = 20480;

    protected abstract torch.Tensor Convolve(torch.Tensor x, torch.Tensor weight, torch.Tensor? bias);
}
