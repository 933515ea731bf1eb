using static TorchSharp.torch;

namespace REHRSeg;

/// <summary>Shape checks before Torch sees the tensors, and one-hot labels: broadcasting would hide a mistake.</summary>
internal static class LossInput
{
    /// <exception cref="ArgumentException">The tensor has another shape.</exception>
    public static void RequireShape(Tensor tensor, ReadOnlySpan<long> shape, string name)
    {
        if (!tensor.shape.AsSpan().SequenceEqual(shape)) throw new ArgumentException($"The shape is [{string.Join(", ", tensor.shape)}]; [{string.Join(", ", shape.ToArray())}] was expected.", name);
    }

    /// <summary>Requires int64 labels <c>B x D x H x W</c> for logits <c>B x K x D x H x W</c>.</summary>
    /// <exception cref="ArgumentException">Another type or shape.</exception>
    public static void RequireLabels(Tensor label, Tensor logits, string name)
    {
        if (logits.dim() != 5) throw new ArgumentException($"Logits are B x K x D x H x W; the shape is [{string.Join(", ", logits.shape)}].", nameof(logits));
        if (label.dtype != ScalarType.Int64) throw new ArgumentException($"Labels are int64, not {label.dtype}.", name);
        RequireShape(label, [logits.shape[0], .. logits.shape.AsSpan(2)], name);
    }

    /// <summary>Labels <c>B x D x H x W</c> as float32 indicators of classes 1 to <paramref name="classes"/> - 1: <c>B x (classes-1) x D x H x W</c>.</summary>
    public static Tensor OneHotForeground(Tensor label, long classes) => OneHot(label, 1, classes);

    /// <summary>Labels <c>B x D x H x W</c> as float32 indicators of classes <paramref name="first"/> to <paramref name="classes"/> - 1.</summary>
    public static Tensor OneHot(Tensor label, int first, long classes)
    {
        long[] indicated = [.. Enumerable.Range(first, (int)classes - first)];
        return label.unsqueeze(1).eq(tensor(indicated, device: label.device).view(1, -1, 1, 1, 1)).to(float32);
    }
}
