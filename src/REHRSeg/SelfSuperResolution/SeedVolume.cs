using REHRSeg.Imaging;
using REHRSeg.Onnx;

namespace REHRSeg;

/// <summary>An isotropic volume made from a thick case, the material of self-supervision: its in-plane axes are sharp, D (the slice axis) is interpolated.</summary>
/// <param name="Image"><c>C x D x H x W</c> in [0,1].</param>
/// <param name="Label"><c>D x H x W</c> class indices.</param>
/// <param name="Depth">Thin slices D.</param>
/// <param name="Height">H.</param>
/// <param name="Width">W.</param>
internal sealed record SeedVolume(float[] Image, byte[] Label, int Depth, int Height, int Width)
{
    /// <summary>In-plane spacing may differ from the thin slices' by this part before it is resampled.</summary>
    const double Isotropic = 0.05;

    /// <summary>
    /// Slice axis to D; intensities by the thick image's own robust range (as in application); in-plane axes resampled to the thin spacing
    /// c/r where they differ; then r times the slices.
    /// </summary>
    /// <param name="item">Thick case.</param>
    /// <param name="axis">Its slice axis.</param>
    /// <param name="info">Factor, labels, intensity range.</param>
    /// <param name="mode">How r times the slices are made.</param>
    /// <param name="smore">The network of <see cref="SeedMode.Smore"/>; else null.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public static SeedVolume Create(TrainingCase item, SliceAxis axis, SelfSrModelInfo info, SeedMode mode, SmoreModel? smore = null, CancellationToken cancellationToken = default)
    {
        var (image, label) = InPlane(item, axis, info);
        if (mode == SeedMode.Smore)
        {
            if (smore is null) throw new ArgumentNullException(nameof(smore), $"{nameof(SeedMode)}.{nameof(SeedMode.Smore)} needs a trained SMORE model.");
            var thin = smore.Refine(image, label, cancellationToken);
            return Of(thin.Image, thin.Label);
        }
        image = Resampler.RefineImage(image, SliceAxis.Z, info.Factor);
        label = mode switch
        {
            SeedMode.SplineNearest => LabelInterpolation.Nearest(label, SliceAxis.Z, info.Factor),
            SeedMode.SplineMorphological => LabelInterpolation.Morphological(label, SliceAxis.Z, info.Factor),
            _ => LabelInterpolation.SignedDistance(label, SliceAxis.Z, info.Factor),
        };
        return Of(image, label);
    }

    /// <summary>The same without the last step: thick slices along D, and in-plane axes that are sharp and isotropic.</summary>
    public static SeedVolume Thick(TrainingCase item, SliceAxis axis, SelfSrModelInfo info)
    {
        var (image, label) = InPlane(item, axis, info);
        return Of(image, label);
    }

    static (MLVolume Image, MLVolume Label) InPlane(TrainingCase item, SliceAxis axis, SelfSrModelInfo info)
    {
        var image = Normalise(item.Image.SwapAxes(axis, SliceAxis.Z), info);
        var label = ToClasses(item.Label.SwapAxes(axis, SliceAxis.Z), info);
        if (IsotropicSize(image.Geometry, info.Factor) is { } size)
        {
            int[] all = [size.Width, size.Height, image.Depth];
            (image, label) = (Resampler.Resize(image, all), Resampler.ResizeLabels(label, all));
        }
        return (image, label);
    }

    static SeedVolume Of(MLVolume image, MLVolume label)
    {
        float[] values = image.Memory.ToArray();
        foreach (ref float value in values.AsSpan()) value = Math.Clamp(value, 0f, 1f);
        return new(values, Array.ConvertAll(label.Memory.ToArray(), v => (byte)v), image.Depth, image.Height, image.Width);
    }

    /// <summary>In-plane size at a spacing of c/r; null if the volume has that spacing already.</summary>
    public static (int Height, int Width)? IsotropicSize(VolumeGeometry thick, int factor)
    {
        double thin = thick.Spacing[2] / factor;
        bool Differs(int a) => Math.Abs(thick.Spacing[a] / thin - 1) > Isotropic;
        int Voxels(int a) => Differs(a) ? Math.Max(1, (int)Math.Round(thick.Size[a] * thick.Spacing[a] / thin)) : thick.Size[a];
        return Differs(0) || Differs(1) ? (Voxels(1), Voxels(0)) : null;
    }

    static MLVolume Normalise(MLVolume image, SelfSrModelInfo info)
    {
        var voxels = new float[image.Voxels.Length];
        for (int c = 0; c < image.Channels; c++)
        {
            var source = image.Channel(c);
            var range = IntensityRange.Measure(source, info.RobustRange);
            var target = voxels.AsSpan(c * source.Length, source.Length);
            for (int i = 0; i < source.Length; i++) target[i] = range.Normalise(source[i]);
        }
        return image.WithVoxels(voxels, image.Channels);
    }

    static MLVolume ToClasses(MLVolume label, SelfSrModelInfo info)
    {
        var classes = new Dictionary<float, float>();
        for (int k = 0; k < info.Labels.Length; k++) classes[info.Labels[k].Value] = k;
        return label.WithVoxels(Array.ConvertAll(label.Memory.ToArray(), v => classes[v]));
    }
}
