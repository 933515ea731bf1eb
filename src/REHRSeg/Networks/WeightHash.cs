using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace REHRSeg;

/// <summary>Identity of weights, whatever the path and format of their file.</summary>
internal static class WeightHash
{
    /// <summary>SHA-256 of names, shapes and numbers, 32 hexadecimal digits.</summary>
    public static string Of(IReadOnlyDictionary<string, WeightArray> weights)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var (name, weight) in weights.OrderBy(w => w.Key, StringComparer.Ordinal))
        {
            hash.AppendData(Encoding.UTF8.GetBytes($"{name} {string.Join('x', weight.Shape)};"));
            hash.AppendData(MemoryMarshal.AsBytes(weight.Values.AsSpan()));
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, 16));
    }
}
