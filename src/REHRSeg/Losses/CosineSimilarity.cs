using static TorchSharp.torch;

namespace REHRSeg;

/// <summary>Cosine of the angle between vectors that lie along one axis; 0 for a vector of zeros, whose gradient stays finite.</summary>
internal static class CosineSimilarity
{
    const double Least = 1e-12; // added to squared norms

    /// <summary>Of two float32 tensors of one shape; the axis is dropped.</summary>
    public static Tensor Compute(Tensor a, Tensor b, long axis)
        => (a * b).sum(axis) / (a.Squared().sum(axis).Plus(Least) * b.Squared().sum(axis).Plus(Least)).sqrt();

    /// <summary>Vectors of length 1 along an axis.</summary>
    public static Tensor Normalise(Tensor vectors, long axis) => vectors / vectors.Squared().sum(axis, keepdim: true).Plus(Least).sqrt();
}
