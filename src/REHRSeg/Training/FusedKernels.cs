using TorchSharp;

namespace REHRSeg;

/// <summary>
/// libtorch's steps over lists of tensors, which TorchSharp does not wrap, reached through a TorchScript function each. Where they
/// cannot be compiled, <see cref="Instance"/> is null and callers use tensor-by-tensor arithmetic. Numbers go in as a tensor: TorchSharp turns a
/// plain one into a native scalar that nothing keeps alive during the call, and once in some thousand steps the collector frees it too early.
/// </summary>
internal sealed class FusedKernels
{
    const string Source = """
        def adamw(p: List[Tensor], g: List[Tensor], m: List[Tensor], v: List[Tensor], s: List[Tensor], h: Tensor) -> int:
            e: List[Tensor] = []
            torch._foreach_add_(s, 1)
            torch._fused_adamw_(p, g, m, v, e, s, lr=float(h[0]), beta1=float(h[1]), beta2=float(h[2]), weight_decay=float(h[3]), eps=float(h[4]), amsgrad=False, maximize=False)
            return 0
        def sgd(p: List[Tensor], g: List[Tensor], m: List[Tensor], h: Tensor) -> int:
            torch._fused_sgd_(p, g, m, weight_decay=float(h[2]), momentum=float(h[1]), lr=float(h[0]), dampening=0.0, nesterov=True, maximize=False, is_first_step=False)
            return 0
        def lerp(a: List[Tensor], b: List[Tensor], h: Tensor) -> int:
            torch._foreach_lerp_(a, b, float(h[0]))
            return 0
        def norm(g: List[Tensor]) -> Tensor:
            return torch.linalg_vector_norm(torch.stack(torch._foreach_norm(g, 2)))
        def scale(g: List[Tensor], h: Tensor) -> int:
            torch._foreach_mul_(g, float(h[0]))
            return 0

        """;

    static readonly Lazy<FusedKernels?> s_instance = new(Compile);
    readonly torch.jit.CompilationUnit _unit;

    FusedKernels(torch.jit.CompilationUnit unit) => _unit = unit;

    /// <summary>The compiled functions; null where this libtorch does not have them.</summary>
    public static FusedKernels? Instance => s_instance.Value;

    /// <summary>Counts <paramref name="steps"/> up and takes one AdamW step (with <paramref name="weightDecay"/> 0: Adam).</summary>
    public void AdamW(torch.Tensor[] parameters, torch.Tensor[] gradients, torch.Tensor[] first, torch.Tensor[] second, torch.Tensor[] steps, double learningRate, double beta1, double beta2, double weightDecay, double epsilon) =>
        Invoke("adamw", [learningRate, beta1, beta2, weightDecay, epsilon], parameters, gradients, first, second, steps);

    /// <summary>One step of SGD with Nesterov momentum; buffers start at 0.</summary>
    public void Sgd(torch.Tensor[] parameters, torch.Tensor[] gradients, torch.Tensor[] momenta, double learningRate, double momentum, double weightDecay) =>
        Invoke("sgd", [learningRate, momentum, weightDecay], parameters, gradients, momenta);

    /// <summary>Moves each a towards b by <paramref name="weight"/>.</summary>
    public void Lerp(torch.Tensor[] a, torch.Tensor[] b, double weight) => Invoke("lerp", [weight], a, b);

    /// <summary>L2 norm of all tensors together.</summary>
    public torch.Tensor Norm(torch.Tensor[] tensors) => (torch.Tensor)_unit.invoke("norm", [tensors]);

    /// <summary>Multiplies in place.</summary>
    public void Scale(torch.Tensor[] tensors, double factor) => Invoke("scale", [factor], [tensors]);

    void Invoke(string function, double[] numbers, params torch.Tensor[][] lists)
    {
        using var h = torch.tensor(numbers);
        _unit.invoke(function, [.. lists, h]);
    }

    static FusedKernels? Compile()
    {
        try
        {
            using var scope = torch.NewDisposeScope();
            using var noGrad = torch.no_grad();
            var kernels = new FusedKernels(torch.jit.compile(Source));
            torch.Tensor[] One() => [torch.ones(2)];
            kernels.AdamW(One(), One(), One(), One(), [torch.zeros([])], 0.1, 0.9, 0.99, 0, 1e-8);
            kernels.Sgd(One(), One(), One(), 0.1, 0.9, 0);
            kernels.Lerp(One(), One(), 0.5);
            kernels.Scale(One(), 2);
            return kernels.Norm(One()).item<float>() > 1.4f ? kernels : null;
        }
        catch (Exception e) when (e is System.Runtime.InteropServices.ExternalException or EntryPointNotFoundException or NotSupportedException or InvalidCastException)
        {
            return null;
        }
    }
}
