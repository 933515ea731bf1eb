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

    /// <summary>What blocks along y are cut from; null: this too. Both are this volume where the in-plane spacing is the thin slices'.</summary>
    public SeedVolume? AlongY { get; init; }

    /// <summary>What blocks along an in-plane axis are cut from.</summary>
    public SeedVolume For(ThickSlicePatchSampler.InPlaneAxis axis) => axis == ThickSlicePatchSampler.InPlaneAxis.Y ? AlongY ?? this : this;

    /// <summary>
    /// Slice axis to D; intensities by the thick image's own robust range (as in application); r times the slices. Where the in-plane spacing is not the thin spacing c/r (a ratio
    /// that is no integer, or another factor than the ratio), there is one volume for blocks along x and one along y, spaced as the network's windows are in application: the blocks'
    /// axis at c/r, the other in-plane axis as it is, and D, which stands for the blocks' axis in the planes, at the spacing that this axis has.
    /// </summary>
    /// <param name="item">Thick case.</param>
    /// <param name="axis">Its slice axis.</param>
    /// <param name="info">Factor, labels, intensity range.</param>
    /// <param name="mode">How r times the slices are made.</param>
    /// <param name="smore">The network of <see cref="SeedMode.Smore"/>; else null.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public static SeedVolume Create(TrainingCase item, SliceAxis axis, SelfSrModelInfo info, SeedMode mode, SmoreModel? smore = null, CancellationToken cancellationToken = default)
    {
        var thick = item.Image.Geometry.SwapAxes(axis, SliceAxis.Z);
        if (IsotropicSize(thick, info.Factor) is null)
        {
            var (image, label) = InPlane(item, axis, info);
            return Of(Refine(image, label, info, mode, smore, cancellationToken));
        }
        return Along(SliceAxis.X) with { AlongY = Along(SliceAxis.Y) };

        SeedVolume Along(SliceAxis block)
        {
            var (image, label) = InPlane(item, axis, info, block);
            (image, label) = Refine(image, label, info, mode, smore, cancellationToken);
            int depth = Differs(thick, info.Factor, block) ? Math.Max(1, (int)Math.Round(thick.Size[2] * thick.Spacing[2] / thick.Spacing[(int)block])) : image.Depth;
            return Of(Resized((image, label), [image.Width, image.Height, depth]));
        }
    }

    static (MLVolume Image, MLVolume Label) Refine(MLVolume image, MLVolume label, SelfSrModelInfo info, SeedMode mode, SmoreModel? smore, CancellationToken cancellationToken)
    {
        if (mode == SeedMode.Smore)
        {
            if (smore is null) throw new ArgumentNullException(nameof(smore), $"{nameof(SeedMode)}.{nameof(SeedMode.Smore)} needs a trained SMORE model.");
            var thin = smore.Refine(image, label, cancellationToken);
            return (thin.Image, thin.Label);
        }
        return (Resampler.RefineImage(image, SliceAxis.Z, info.Factor), mode switch
        {
            SeedMode.SplineNearest => LabelInterpolation.Nearest(label, SliceAxis.Z, info.Factor),
            SeedMode.SplineMorphological => LabelInterpolation.Morphological(label, SliceAxis.Z, info.Factor),
            _ => LabelInterpolation.SignedDistance(label, SliceAxis.Z, info.Factor),
        });
    }

    /// <summary>Thick slices along D, and in-plane axes that are sharp and spaced c/r.</summary>
    public static SeedVolume Thick(TrainingCase item, SliceAxis axis, SelfSrModelInfo info) => Of(InPlane(item, axis, info));

    /// <summary>In-plane axes, or <paramref name="only"/> one of them, at c/r.</summary>
    static (MLVolume Image, MLVolume Label) InPlane(TrainingCase item, SliceAxis axis, SelfSrModelInfo info, SliceAxis? only = null)
    {
        var pair = (Image: Normalise(item.Image.SwapAxes(axis, SliceAxis.Z), info), Label: ToClasses(item.Label.SwapAxes(axis, SliceAxis.Z), info));
        if (IsotropicSize(pair.Image.Geometry, info.Factor) is not { } size) return pair;
        return Resized(pair, [only == SliceAxis.Y ? pair.Image.Width : size.Width, only == SliceAxis.X ? pair.Image.Height : size.Height, pair.Image.Depth]);
    }

    static (MLVolume Image, MLVolume Label) Resized((MLVolume Image, MLVolume Label) pair, int[] size) =>
        pair.Image.Geometry.Size.SequenceEqual(size) ? pair : (Resampler.Resize(pair.Image, size), Resampler.ResizeLabels(pair.Label, size));

    static SeedVolume Of((MLVolume Image, MLVolume Label) pair)
    {
        var (image, label) = pair;
        float[] values = image.Memory.ToArray();
        foreach (ref float value in values.AsSpan()) value = Math.Clamp(value, 0f, 1f);
        return new(values, Array.ConvertAll(label.Memory.ToArray(), v => (byte)v), image.Depth, image.Height, image.Width);
    }

    /// <summary>In-plane size at a spacing of c/r; null if the volume has that spacing already.</summary>
    public static (int Height, int Width)? IsotropicSize(VolumeGeometry thick, int factor)
    {
        int Voxels(SliceAxis a) => Differs(thick, factor, a) ? Math.Max(1, (int)Math.Round(thick.Size[(int)a] * thick.Spacing[(int)a] * factor / thick.Spacing[2])) : thick.Size[(int)a];
        return Differs(thick, factor, SliceAxis.X) || Differs(thick, factor, SliceAxis.Y) ? (Voxels(SliceAxis.Y), Voxels(SliceAxis.X)) : null;
    }

    static bool Differs(VolumeGeometry thick, int factor, SliceAxis a) => Math.Abs(thick.Spacing[(int)a] * factor / thick.Spacing[2] - 1) > Isotropic;

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
