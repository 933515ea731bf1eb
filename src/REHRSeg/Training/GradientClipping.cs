using TorchSharp;

namespace REHRSeg;

/// <summary>Scales gradients so that their joint L2 norm stays within a limit.</summary>
internal static class GradientClipping
{
    /// <summary>Clips the gradients of <paramref name="network"/> to <paramref name="limit"/>; returns the norm before.</summary>
    public static double ClipNorm(torch.nn.Module network, double limit)
    {
        using var noGrad = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        torch.Tensor[] gradients = [.. network.parameters().Select(p => p.grad).OfType<torch.Tensor>()];
        if (gradients.Length == 0) return 0;
        var kernels = FusedKernels.Instance;
        var norm = kernels is not null ? kernels.Norm(gradients) : torch.stack(gradients.Select(g => g.norm())).norm();
        double value = norm.item<float>(), factor = limit / (value + 1e-6);
        if (!(factor < 1)) return value;
        if (kernels is not null) kernels.Scale(gradients, factor);
        else foreach (var gradient in gradients) gradient.TimesInPlace(factor);
        return value;
    }
}
