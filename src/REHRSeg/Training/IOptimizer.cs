using TorchSharp;

namespace REHRSeg;

/// <summary>Adam or SGD with fused steps.</summary>
internal interface IOptimizer : IDisposable
{
    /// <summary>Step size of the next steps.</summary>
    double LearningRate { get; set; }
    /// <summary>Decay of the first moment (Adam's beta1, SGD's momentum) in the next steps.</summary>
    double Beta1 { get; set; }
    /// <summary>Drops all gradients.</summary>
    void ZeroGrad();
    /// <summary>One step from the gradients; parameters without a gradient stay.</summary>
    void Step();
    /// <summary>The optimizer's own tensors by name (not copies).</summary>
    IReadOnlyDictionary<string, torch.Tensor> StateDict();
    /// <summary>Copies from what <see cref="StateDict"/> gave.</summary>
    /// <exception cref="ArgumentException">A tensor is missing or of another shape.</exception>
    void LoadStateDict(IReadOnlyDictionary<string, torch.Tensor> state);
}
