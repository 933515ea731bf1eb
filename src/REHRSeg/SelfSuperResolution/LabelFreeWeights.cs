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
        var parameters = network.named_parameters().ToDictionary(p => p.name, p => (torch.Tensor)p.parameter);
        parameters["encoder.stem.0.weight"].narrow(1, a.ImageChannels, a.LabelChannels).zero_();
        string head = a.Head == SelfSrHead.Base ? "outconv.1" : "feature_fuse1.conv.0";
        LabelRows(parameters[head + ".weight"], a).zero_();
        LabelRows(parameters[head + ".bias"], a).FillInPlace(Background);
    }

    /// <summary>Outputs come in groups of C + L, images first.</summary>
    static torch.Tensor LabelRows(torch.Tensor outputs, SelfSrArchitecture a)
    {
        int group = a.ImageChannels + a.LabelChannels;
        return outputs.unflatten(0, [outputs.shape[0] / group, group]).narrow(1, a.ImageChannels, a.LabelChannels);
    }
}
