using TorchSharp;

namespace REHRSeg;

/// <summary>Published base head (METHOD.md 1.2): no attention, no uncertainty. The image activation is tanh(z + mean) whatever <see cref="SelfSrArchitecture.RestoreMean"/> says.</summary>
internal sealed class BaseHead : ISelfSrHead
{
    private readonly SelfSrArchitecture _architecture;
    private readonly Conv2dLayer _fuse, _output;

    public BaseHead(LayerFactory layers, SelfSrArchitecture architecture)
    {
        _architecture = architecture;
        int width = architecture.Width, merged = FlavrBackbone.Slices * width, channels = architecture.ImageChannels + architecture.LabelChannels;
        _fuse = layers.Conv2d("feature_fuse.conv.0", merged, width, kernel: 3, padding: 1);
        if (architecture.PublishedUnusedModules)
        {
            layers.Conv2d("feature_fuse1.conv.0", merged, architecture.Factor * architecture.Branches * channels, kernel: 1, padding: 0);
        }
        _output = layers.Conv2d("outconv.1", width, architecture.Factor * channels, kernel: 7, padding: 0);
        if (architecture.GlobalResidual)
        {
            _output.ScaleOutputs(channels, architecture.ImageChannels, SubSliceInterpolation.InitialDifference);
        }
    }

    public SelfSrOutput Forward(torch.Tensor merged, torch.Tensor mean, torch.Tensor? interpolated)
    {
        int images = _architecture.ImageChannels, labels = _architecture.LabelChannels;
        var fused = _fuse.forward(merged).LeakyReluInPlace(FlavrBackbone.LeakySlope);                                // B x w x H x W
        var z = _output.forward(torch.nn.functional.pad(fused, [3, 3, 3, 3], PaddingModes.Reflect))            // B x r(C+L) x H x W
            .to_type(torch.ScalarType.Float32).unflatten(1, [_architecture.Factor, images + labels]).transpose(1, 2); // B x (C+L) x r x H x W
        var image = z.narrow(1, 0, images);
        return new(interpolated is null ? image.Plus(mean).tanh() : interpolated.Plus(image), z.narrow(1, images, labels).contiguous(), null);
    }
}
