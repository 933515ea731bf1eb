using System.Collections.Immutable;

namespace REHRSeg.Imaging;

public static partial class Resampler
{
    /// <summary>nnU-Net's ratio of the largest to the smallest spacing above which an axis is resampled by itself.</summary>
    const double Anisotropy = 3;

    /// <summary>
    /// An image at (nearly) another spacing, over the same field of view: <c>round(n · old / new)</c> voxels an axis, ties to even. By nnU-Net's rule
    /// slices are resampled by themselves and taken nearest along the slice axis where <see cref="SeparateAxis"/> names one.
    /// </summary>
    /// <param name="volume">Image.</param>
    /// <param name="spacing">Millimetres along x, y, z; positive. The result's differ where the field of view is not a multiple of them.</param>
    /// <param name="order">0, 1 or 3.</param>
    /// <exception cref="ArgumentException">A spacing or an order is out of its range.</exception>
    public static MLVolume ToSpacing(MLVolume volume, ReadOnlySpan<double> spacing, int order = 3)
    {
        ArgumentNullException.ThrowIfNull(volume);
        var target = AtSpacing(volume.Geometry, spacing);
        return Resize(volume, target, SeparateOrders(volume.Geometry, spacing, order));
    }

    /// <summary>A label map at another spacing, by the same sizes and the same rule as <see cref="ToSpacing"/>: linear one-hot shares, nearest along a separate axis.</summary>
    /// <param name="labels">Label map; each channel is resampled by itself.</param>
    /// <param name="spacing">Millimetres along x, y, z; positive.</param>
    /// <param name="decision">Which share wins.</param>
    /// <exception cref="ArgumentException">A spacing is out of its range.</exception>
    public static MLVolume LabelsToSpacing(MLVolume labels, ReadOnlySpan<double> spacing, LabelDecision decision = LabelDecision.Half)
    {
        ArgumentNullException.ThrowIfNull(labels);
        var target = AtSpacing(labels.Geometry, spacing);
        return ResizeLabels(labels, target, SeparateOrders(labels.Geometry, spacing, 1), decision);
    }

    /// <summary>
    /// nnU-Net's separate-z rule: the axis that is resampled by itself, with nearest neighbours. It is the one axis of largest spacing of the source, if that is
    /// more than three times the smallest; else of the target, by the same test; null if neither is so anisotropic or two axes share the largest spacing.
    /// </summary>
    /// <param name="source">Grid of the source.</param>
    /// <param name="targetSpacing">Spacing aimed at, along x, y, z.</param>
    public static SliceAxis? SeparateAxis(VolumeGeometry source, ReadOnlySpan<double> targetSpacing)
    {
        ArgumentNullException.ThrowIfNull(source);
        RequireSpacing(targetSpacing);
        foreach (ImmutableArray<double> spacing in (ImmutableArray<double>[])[source.Spacing, [.. targetSpacing]])
        {
            double largest = spacing.Max();
            if (largest / spacing.Min() > Anisotropy) return spacing.Count(s => s == largest) == 1 ? (SliceAxis)spacing.IndexOf(largest) : null;
        }
        return null;
    }

    static int[] SeparateOrders(VolumeGeometry source, ReadOnlySpan<double> spacing, int order)
    {
        int[] orders = [order, order, order];
        if (SeparateAxis(source, spacing) is { } axis) orders[(int)axis] = 0;
        return orders;
    }

    static VolumeGeometry AtSpacing(VolumeGeometry source, ReadOnlySpan<double> spacing)
    {
        RequireSpacing(spacing);
        var size = new int[3];
        for (int a = 0; a < 3; a++)
        {
            double voxels = Math.Max(1, Math.Round(source.Size[a] * source.Spacing[a] / spacing[a]));
            size[a] = voxels <= Array.MaxLength ? (int)voxels : throw new ArgumentException($"spacing {spacing[a]} mm along {(SliceAxis)a} makes {voxels} voxels of {source.Size[a]}; choose a larger one.", nameof(spacing));
        }
        return ResizedGeometry(source, size);
    }

    static void RequireSpacing(ReadOnlySpan<double> spacing)
    {
        bool valid = spacing.Length == 3;
        foreach (double s in spacing) valid &= s > 0 && double.IsFinite(s);
        if (!valid) throw new ArgumentException($"spacing is ({string.Join(", ", spacing.ToArray())}); it needs three finite, positive values along x, y, z.", nameof(spacing));
    }
}
