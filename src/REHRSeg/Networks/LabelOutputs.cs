using TorchSharp;

namespace REHRSeg;

/// <summary>The label outputs among those of a self-SR network's last convolution.</summary>
internal static class LabelOutputs
{
    /// <summary>A view of the rows that make label logits, <c>groups x L x ...</c>; a group is a sub-slice, or a branch of one.</summary>
    /// <param name="network">The network.</param>
    /// <param name="parameter">weight or bias.</param>
    public static torch.Tensor Of(SelfSrNetwork network, string parameter)
    {
        var a = network.Architecture;
        string name = (a.Head == SelfSrHead.Base ? "outconv.1." : "feature_fuse1.conv.0.") + parameter;
        var outputs = network.named_parameters().Single(p => p.name == name).parameter;
        int group = a.ImageChannels + a.LabelChannels;
        return outputs.unflatten(0, [outputs.shape[0] / group, group]).narrow(1, a.ImageChannels, a.LabelChannels);
    }

    /// <summary>Adds a number to all logits of each class.</summary>
    public static void Shift(SelfSrNetwork network, float[] shifts)
    {
        using var noGrad = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        var bias = Of(network, "bias");
        bias.PlusInPlace(torch.tensor(shifts, device: bias.device));
    }
}
