using TorchSharp;

namespace REHRSeg;

/// <summary>Turns the merged map into the thin slices of one thick slice.</summary>
internal interface ISelfSrHead
{
    /// <param name="merged">G, <c>B x 4w x H x W</c>.</param>
    /// <param name="mean">Removed image means, <c>B x C x 1 x 1 x 1</c>.</param>
    /// <param name="interpolated">With <see cref="SelfSrArchitecture.GlobalResidual"/>: <c>B x C x r x H x W</c>, to which the head adds a difference.</param>
    SelfSrOutput Forward(torch.Tensor merged, torch.Tensor mean, torch.Tensor? interpolated);
}
