using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using REHRSeg.Imaging;

namespace REHRSeg;

/// <summary>An annotated thick-slice case in its file's orientation.</summary>
/// <param name="Id">Case identifier.</param>
/// <param name="Image">Image, <c>C x D x H x W</c>.</param>
/// <param name="Label">Label map on the same grid.</param>
public sealed record TrainingCase(string Id, MLVolume Image, MLVolume Label);

/// <summary>Tells sets of training cases apart.</summary>
internal static class TrainingCases
{
    /// <summary>SHA-256 over ids, grids and voxels in order, 16 hexadecimal digits.</summary>
    public static string Key(IEnumerable<TrainingCase> cases)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var (id, image, label) in cases)
        {
            hash.AppendData(Encoding.UTF8.GetBytes($"{id} {image.Geometry}"));
            hash.AppendData(MemoryMarshal.AsBytes(image.Voxels));
            hash.AppendData(MemoryMarshal.AsBytes(label.Voxels));
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset())[..16];
    }
}
