using TorchSharp;
using Tensor = TorchSharp.torch.Tensor;

namespace REHRSeg;

/// <summary>
/// Arithmetic of tensors with numbers that the garbage collector cannot break. TorchSharp turns a plain number into a native Scalar with a finalizer and keeps it alive
/// only until it has read its handle, also inside its own sums of tensors (whose second term has a factor of 1) and squares; a collection during the call frees it under
/// libtorch's hands. Here each number is held until its call is over. No other file makes one: a test reads that from the compiled code.
/// </summary>
internal static class TensorArithmetic
{
    // Integers, so that sums and squares of integer tensors stay integers.
    static readonly Scalar s_one = 1, s_two = 2;

    /// <summary><c>a + b</c>.</summary>
    public static Tensor Plus(this Tensor a, Tensor b) => a.add(b, s_one);

    /// <summary><c>a + weight b</c>.</summary>
    public static Tensor Plus(this Tensor a, Tensor b, double weight)
    {
        using Scalar number = weight;
        return a.add(b, number);
    }

    /// <summary><c>a + number</c>.</summary>
    public static Tensor Plus(this Tensor a, double number)
    {
        using Scalar term = number;
        return a.add(term, s_one);
    }

    /// <summary><c>a * factor</c>.</summary>
    public static Tensor Times(this Tensor a, double factor)
    {
        using Scalar number = factor;
        return a.mul(number);
    }

    /// <summary><c>a / divisor</c>.</summary>
    public static Tensor Over(this Tensor a, double divisor)
    {
        using Scalar number = divisor;
        return a.div(number);
    }

    /// <summary><c>1 - a</c>.</summary>
    public static Tensor OneMinus(this Tensor a) => a.negative().add(s_one, s_one);

    /// <summary><c>a^2</c>.</summary>
    public static Tensor Squared(this Tensor a) => a.pow(s_two);

    /// <summary><c>max(a, least)</c>.</summary>
    public static Tensor AtLeast(this Tensor a, double least)
    {
        using Scalar min = least;
        return a.clamp(min);
    }

    /// <summary><c>min(max(a, least), most)</c>.</summary>
    public static Tensor Within(this Tensor a, double least, double most)
    {
        using Scalar min = least, max = most;
        return a.clamp(min, max);
    }

    /// <summary><c>a == value</c>, boolean.</summary>
    public static Tensor Is(this Tensor a, long value)
    {
        using Scalar number = value;
        return a.eq(number);
    }

    /// <summary><c>a</c> where positive, else <c>slope a</c>.</summary>
    public static Tensor LeakyRelu(this Tensor a, double slope)
    {
        using Scalar number = slope;
        return a.leaky_relu(number);
    }

    /// <summary><see cref="LeakyRelu"/> in place.</summary>
    public static Tensor LeakyReluInPlace(this Tensor a, double slope)
    {
        using Scalar number = slope;
        return a.leaky_relu_(number);
    }

    /// <summary><c>a += weight b</c>.</summary>
    public static Tensor PlusInPlace(this Tensor a, Tensor b, double weight = 1)
    {
        using Scalar number = weight;
        return a.add_(b, number);
    }

    /// <summary><c>a += number</c>.</summary>
    public static Tensor PlusInPlace(this Tensor a, double number)
    {
        using Scalar term = number;
        return a.add_(term, s_one);
    }

    /// <summary><c>a *= factor</c>.</summary>
    public static Tensor TimesInPlace(this Tensor a, double factor)
    {
        using Scalar number = factor;
        return a.mul_(number);
    }

    /// <summary><c>a /= divisor</c>.</summary>
    public static Tensor OverInPlace(this Tensor a, double divisor)
    {
        using Scalar number = divisor;
        return a.div_(number);
    }

    /// <summary><c>a += weight b c</c>.</summary>
    public static Tensor PlusProductInPlace(this Tensor a, Tensor b, Tensor c, double weight)
    {
        using Scalar number = weight;
        return a.addcmul_(b, c, number);
    }

    /// <summary><c>a += weight b / c</c>.</summary>
    public static Tensor PlusQuotientInPlace(this Tensor a, Tensor b, Tensor c, double weight)
    {
        using Scalar number = weight;
        return a.addcdiv_(b, c, number);
    }

    /// <summary><c>a = value</c> everywhere.</summary>
    public static Tensor FillInPlace(this Tensor a, double value)
    {
        using Scalar number = value;
        return a.fill_(number);
    }
}
