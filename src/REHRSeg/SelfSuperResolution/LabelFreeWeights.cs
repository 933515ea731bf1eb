using TorchSharp;

namespace REHRSeg;

/// <summary>
/// Makes a self-SR network blind and silent to labels, for images that have none: the stem's label kernels are 0, so that label maps change nothing, and the label outputs are a
/// constant far below 0, so that everything is background. Without label losses and with empty label inputs none of these weights has a gradient: they stay as they are.
/// </summary>
internal static class LabelFreeWeights
{
    const double Background = -10;

    public static void Fix(SelfSrNetwork network)
    {
        using var noGrad = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        var a = network.Architecture;
        network.named_parameters().Single(p => p.name == "encoder.stem.0.weight").parameter.narrow(1, a.ImageChannels, a.LabelChannels).zero_();
        LabelOutputs.Of(network, "weight").zero_();
        LabelOutputs.Of(network, "bias").FillInPlace(Background);
    }
}
