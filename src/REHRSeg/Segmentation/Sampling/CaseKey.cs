using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using REHRSeg.Imaging;
using REHRSeg.Onnx;

namespace REHRSeg;

/// <summary>
/// Name of a prepared case in the cache: SHA-256 of its voxels and geometry and of every option that changes the result. No other case enters it, except
/// through these options (the plan's target spacing and mask rule), so an entry serves every fold with the same ones and tells nothing of other cases.
/// </summary>
internal static class CaseKey
{
    /// <summary>64 hexadecimal digits.</summary>
    /// <param name="info">Target spacing, normalisation, labels, factor.</param>
    /// <param name="teacherRange">Quantiles of the teacher's [0,1]; null: none.</param>
    /// <param name="seed">Seed of the choice of foreground voxels.</param>
    /// <param name="axis">Slice axis.</param>
    /// <param name="volumes">Image, label, thin label, uncertainty; null: a real case has none.</param>
    public static string Of(SegmentationModelInfo info, (double Low, double High)? teacherRange, int seed, SliceAxis axis, params ReadOnlySpan<MLVolume?> volumes)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        string range = teacherRange is { } r ? string.Join(' ', Exact(r.Low), Exact(r.High)) : "none";
        Text($"case {CaseCacheFile.Version}; axis {axis}; factor {info.Factor}; target {string.Join(' ', info.TargetSpacing.Select(Exact))}; inside nonzero {info.NormaliseInsideNonzero}; planar {info.IsPlanar}; labels {string.Join(' ', info.Labels.Select(l => l.Value))}; teacher {range}; seed {seed}");
        foreach (var volume in volumes)
        {
            if (volume is null)
            {
                Text("none");
                continue;
            }
            var g = volume.Geometry;
            Text($"{volume.Channels} x {string.Join(' ', g.Size.ToArray())}; {string.Join(' ', g.Spacing.ToArray().Select(Exact))}");
            hash.AppendData(MemoryMarshal.AsBytes(volume.Voxels));
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());

        void Text(string text) => hash.AppendData(Encoding.UTF8.GetBytes(text + "\n"));
        static string Exact(double value) => value.ToString("R", CultureInfo.InvariantCulture);
    }
}
