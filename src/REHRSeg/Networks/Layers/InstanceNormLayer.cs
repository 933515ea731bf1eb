using TorchSharp;
using TorchSharp.Modules;

namespace REHRSeg;

/// <summary>Instance norm with scale and shift, eps 1e-5, no running statistics. Takes bfloat16 too: statistics and parameters are float32.</summary>
internal sealed class InstanceNormLayer : torch.nn.Module<torch.Tensor, torch.Tensor>
{
    public const double Epsilon = 1e-5;

    private Parameter weight;
    private Parameter bias;

    public InstanceNormLayer(int channels) : base(nameof(InstanceNormLayer))
    {
        weight = new Parameter(torch.ones([channels]));
        bias = new Parameter(torch.zeros([channels]));
        weight.DetachFromDisposeScope();
        bias.DetachFromDisposeScope();
        register_parameter(nameof(weight), weight);
        register_parameter(nameof(bias), bias);
    }

    public override torch.Tensor forward(torch.Tensor x) => torch.nn.functional.instance_norm(x, weight: weight, bias: bias, eps: Epsilon);
}
