using TorchSharp;

namespace REHRSeg;

/// <summary>
/// Uncertainty-aware head (METHOD.md section 2, the paper's eq. 3-5): N branches per sub-slice, mixed by their attention P_A; the uncertainty is read off P_A.
/// All branches are computed at once; softmax, activations and sums are float32.
/// </summary>
internal sealed class UasrHead : ISelfSrHead
{
    private const double MinimumUncertainty = 1e-3;
    private readonly SelfSrArchitecture _architecture;
    private readonly Conv2dLayer _fuse, _branches, _attention;
    private readonly Conv3dLayer _uncertainty;

    public UasrHead(LayerFactory layers, SelfSrArchitecture architecture)
    {
        _architecture = architecture;
        int r = architecture.Factor, n = architecture.Branches, merged = FlavrBackbone.Slices * architecture.Width;
        int channels = architecture.ImageChannels + architecture.LabelChannels;
        _fuse = layers.Conv2d("feature_fuse.conv.0", merged, merged, kernel: 3, padding: 1);
        _branches = layers.Conv2d("feature_fuse1.conv.0", merged, r * n * channels, kernel: 1, padding: 0);
        if (architecture.PublishedUnusedModules)
        {
            layers.Conv2d("outconv.1", architecture.Width, r * channels, kernel: 7, padding: 0);
        }
        _attention = layers.Conv2d("uncertainty_early.conv.0", merged, r * n, kernel: 1, padding: 0);
        _uncertainty = layers.Conv3d("uncertainty_out", n, 1, new(1, 1, 1));
        if (architecture.GlobalResidual)
        {
            _branches.ScaleOutputs(channels, architecture.ImageChannels, SubSliceInterpolation.InitialDifference);
        }
    }

    public SelfSrOutput Forward(torch.Tensor merged, torch.Tensor mean, torch.Tensor? interpolated)
    {
        int r = _architecture.Factor, n = _architecture.Branches, images = _architecture.ImageChannels, labels = _architecture.LabelChannels;
        var fused = _fuse.forward(merged).LeakyReluInPlace(FlavrBackbone.LeakySlope);                         // F_m: B x 4w x H x W
        var branches = _branches.forward(fused).to_type(torch.ScalarType.Float32)
            .unflatten(1, [r, n, images + labels]);                                                     // channel t(C+L)N + (C+L)j + m: B x r x N x (C+L) x H x W
        var attention = _attention.forward(fused).to_type(torch.ScalarType.Float32)
            .unflatten(1, [r, n]).softmax(2);                                                           // P_A, channel tN + j: B x r x N x H x W
        var image = Mix(attention, ImageBranches(branches.narrow(3, 0, images), mean, interpolated is not null));
        var label = Mix(attention, branches.narrow(3, images, labels));
        return new(interpolated is null ? image : interpolated.Plus(image), label, Uncertainty(attention));
    }

    // P_I of each branch.
    private torch.Tensor ImageBranches(torch.Tensor z, torch.Tensor mean, bool difference) =>
        difference ? z : _architecture.RestoreMean ? z.Plus(mean.transpose(1, 2).unsqueeze(1)).tanh() : z.tanh().Plus(1).Over(2);

    // Sum over branches: B x r x N x M x H x W to B x M x r x H x W.
    private static torch.Tensor Mix(torch.Tensor attention, torch.Tensor branches) => (attention.unsqueeze(3) * branches).sum([2]).transpose(1, 2).contiguous();

    // A 1x1x1 convolution N -> 1 of P_A: B x 1 x r x H x W.
    private torch.Tensor Uncertainty(torch.Tensor attention)
    {
        var u = (attention * _uncertainty.Weight.view(1, 1, -1, 1, 1)).sum([2]).Plus(_uncertainty.Bias!).sigmoid().unsqueeze(1);
        return _architecture.ClampUncertainty ? u.Times(1 - MinimumUncertainty).Plus(MinimumUncertainty) : u;
    }
}
