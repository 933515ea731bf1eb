using TorchSharp;

namespace REHRSeg;

/// <summary>What the self-SR network computes for the second of 4 thick slices.</summary>
/// <param name="Image"><c>B x C x r x H x W</c>, in [0,1].</param>
/// <param name="LabelLogits"><c>B x L x r x H x W</c>, against a background of 0.</param>
/// <param name="Uncertainty"><c>B x 1 x r x H x W</c>; null with the base head.</param>
internal readonly record struct SelfSrOutput(torch.Tensor Image, torch.Tensor LabelLogits, torch.Tensor? Uncertainty);

/// <summary>FLAVR backbone and head (METHOD.md sections 1-2). Input <c>B x (C+L) x 4 x H x W</c>, H and W multiples of 8. Never changes its input.</summary>
internal sealed class SelfSrNetwork : torch.nn.Module<torch.Tensor, SelfSrOutput>
{
    public SelfSrNetwork(SelfSrArchitecture architecture) : base(nameof(SelfSrNetwork)) => throw new NotImplementedException();

    public SelfSrArchitecture Architecture => throw new NotImplementedException();

    /// <summary>Convolutions in bfloat16 (parameters, norms, heads' softmax, outputs stay float32).</summary>
    public bool BFloat16 { get; set; }

    public override SelfSrOutput forward(torch.Tensor window) => throw new NotImplementedException();

    /// <summary>Stem and layer1 only: x1, <c>B x Width x 4 x H/2 x W/2</c> (METHOD.md 13.4 early exit).</summary>
    public torch.Tensor EncodeLayer1(torch.Tensor window) => throw new NotImplementedException();
}
