using TorchSharp;

namespace REHRSeg;

/// <summary>Number format of a network's convolutions, shared by its layers. Parameters, norms and losses are float32 whatever it is.</summary>
internal sealed class ConvolutionPrecision
{
    public torch.ScalarType Type { get; private set; } = torch.ScalarType.Float32;

    /// <summary>bf16; stays float32 on a machine whose <see cref="OneDnnTails"/> are wrong, as its bf16 is.</summary>
    public bool BFloat16
    {
        get => Type == torch.ScalarType.BFloat16;
        set => Type = value && !OneDnnTails.AreWrong ? torch.ScalarType.BFloat16 : torch.ScalarType.Float32;
    }

    /// <summary>The tensor in that format; the tensor's own storage where it is in it already.</summary>
    public torch.Tensor Cast(torch.Tensor tensor) => tensor.to_type(Type);
}
