using TorchSharp;

namespace REHRSeg;

/// <summary>Which outputs a forward pass computes.</summary>
[Flags]
internal enum SegmentationOutputs { Lr = 1, Hr = 2, DeepSupervision = 4, Feature = 8 }

/// <summary>Logits of one forward pass; null where not asked for.</summary>
/// <param name="Lr"><c>B x K x D x H x W</c>.</param>
/// <param name="Hr"><c>B x K x rD x H x W</c>.</param>
/// <param name="Deep">Lower decoder levels, high to low, without <paramref name="Lr"/>.</param>
/// <param name="Feature">Encoder skip 1 (the distilled feature, METHOD.md 8).</param>
internal sealed record SegmentationOutput(torch.Tensor? Lr, torch.Tensor? Hr, IReadOnlyList<torch.Tensor> Deep, torch.Tensor? Feature);

/// <summary>PlainConvUNet with the HR head (METHOD.md 6.3-6.4). Parameter names equal nnU-Net's primary names; the head's are under <c>hr_head</c>.</summary>
internal sealed class SegmentationNetwork : torch.nn.Module<torch.Tensor, SegmentationOutputs, SegmentationOutput>
{
    public SegmentationNetwork(SegmentationArchitecture architecture) : base(nameof(SegmentationNetwork)) => throw new NotImplementedException();

    public SegmentationArchitecture Architecture => throw new NotImplementedException();

    /// <summary>Convolutions in bfloat16 (parameters and norms stay float32).</summary>
    public bool BFloat16 { get; set; }

    public override SegmentationOutput forward(torch.Tensor patch, SegmentationOutputs outputs) => throw new NotImplementedException();
}
