using System.Collections.Immutable;
using System.Numerics.Tensors;
using REHRSeg.Imaging;

namespace REHRSeg.Onnx;

/// <summary>
/// nnU-Net's preprocessing and its inverse (METHOD.md section 7): crop to the non-zero box, z-score, resample to the target spacing.
/// All volumes are slice-first: the slice axis lies on D.
/// </summary>
internal static class SegmentationPreprocessor
{
    const double SameSpacing = 1e-3, Anisotropic = 3, SmallestDeviation = 1e-8;

    /// <summary>Prepares an image for the network. Single slices (a 2-D network) keep their spacing along D.</summary>
    /// <param name="image">Slice-first image of <c>info.Channels</c> channels.</param>
    /// <param name="info">Target spacing and normalisation.</param>
    /// <exception cref="ArgumentException">Wrong channel count.</exception>
    public static PreparedVolume Prepare(MLVolume image, SegmentationModelInfo info)
    {
        RequireChannels(image, info);
        var geometry = image.Geometry;
        var box = NonzeroBox(image);
        var voxels = Crop(image.Voxels, geometry, image.Channels, box, 1);
        var (mean, deviation) = Normalise(voxels, image.Channels, box.Shape, info.NormaliseInsideNonzero);
        var shape = ShapeFor(box.Shape, geometry, info);
        bool separate = IsSeparateZ([geometry.Spacing[2], geometry.Spacing[1], geometry.Spacing[0]]) ?? IsSeparateZ(info.TargetSpacing) ?? false;
        return new()
        {
            Voxels = ResizeImage(voxels, image.Channels, box.Shape, shape, separate),
            Channels = image.Channels, Shape = shape, Geometry = geometry, Box = box, SeparateZ = separate, Mean = mean, StandardDeviation = deviation,
        };
    }

    /// <summary>The label map of a prepared image on the same grid (order-1 one-hot, 0.5 wins, z nearest if separate).</summary>
    /// <param name="label">Slice-first labels on the image's grid, or on the grid refined <paramref name="factor"/> times along D.</param>
    /// <param name="prepared">The prepared image.</param>
    /// <param name="factor">1: thick labels; r: thin labels.</param>
    /// <returns><c>factor*D x H x W</c> label values.</returns>
    public static float[] PrepareLabel(MLVolume label, PreparedVolume prepared, int factor = 1)
    {
        var (values, from, to) = CropToPrepared(label, prepared, factor);
        if (from == to) return values;
        return Resampler.ResizeLabels(Wrap(values, 1, from), [to.Width, to.Height, to.Depth], prepared.SeparateZ && factor == 1).Voxels.ToArray();
    }

    /// <summary>A continuous map of a prepared image (a weight, an uncertainty) on the same grid, order 1, values as they are.</summary>
    public static float[] PrepareMap(MLVolume map, PreparedVolume prepared, int factor = 1)
    {
        var (values, from, to) = CropToPrepared(map, prepared, factor);
        return Resize(values, 1, from, to, 1, prepared.SeparateZ && factor == 1);
    }

    /// <summary>Throws if an image has another number of channels than the model.</summary>
    public static void RequireChannels(MLVolume image, SegmentationModelInfo info)
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentNullException.ThrowIfNull(info);
        if (image.Channels != info.Channels)
            throw new ArgumentException($"The image has {image.Channels} channel(s), but the model was trained on {info.Channels}. Give the same modalities in the same order as in training.", nameof(image));
    }

    /// <summary>The smallest box that holds every voxel that is not zero in all channels; the whole volume if there is none.</summary>
    internal static VoxelBox NonzeroBox(MLVolume image)
    {
        int width = image.Width, height = image.Height, depth = image.Depth;
        int z0 = depth, z1 = -1, y0 = height, y1 = -1, x0 = width, x1 = -1;
        for (int c = 0; c < image.Channels; c++)
        {
            var voxels = image.Channel(c);
            for (int z = 0, at = 0; z < depth; z++)
                for (int y = 0; y < height; y++, at += width)
                {
                    var row = voxels.Slice(at, width);
                    int first = row.IndexOfAnyExcept(0f);
                    if (first < 0) continue;
                    (z0, z1, y0, y1) = (Math.Min(z0, z), Math.Max(z1, z), Math.Min(y0, y), Math.Max(y1, y));
                    (x0, x1) = (Math.Min(x0, first), Math.Max(x1, row.LastIndexOfAnyExcept(0f)));
                }
        }
        return z1 < 0 ? new(0, 0, 0, new(depth, height, width)) : new(z0, y0, x0, new(z1 - z0 + 1, y1 - y0 + 1, x1 - x0 + 1));
    }

    /// <summary>z-score in place, ddof 0. Inside the hole-filled non-zero mask only, if asked: the rest stays zero.</summary>
    static (ImmutableArray<double> Mean, ImmutableArray<double> Deviation) Normalise(float[] voxels, int channels, PatchShape shape, bool insideNonzero)
    {
        int n = shape.Voxels;
        var inside = insideNonzero ? ForegroundMask.FillHoles(voxels, channels, shape) : null;
        double[] means = new double[channels], deviations = new double[channels];
        for (int c = 0; c < channels; c++)
        {
            var values = voxels.AsSpan(c * n, n);
            double sum = 0, squares = 0;
            long count = 0;
            for (int i = 0; i < n; i++)
                if (inside is null || inside[i]) { sum += values[i]; count++; }
            double mean = sum / Math.Max(1, count);
            for (int i = 0; i < n; i++)
                if (inside is null || inside[i]) squares += (values[i] - mean) * (values[i] - mean);
            double deviation = Math.Max(Math.Sqrt(squares / Math.Max(1, count)), SmallestDeviation);
            for (int i = 0; i < n; i++) values[i] = inside is null || inside[i] ? (float)((values[i] - mean) / deviation) : 0;
            (means[c], deviations[c]) = (mean, deviation);
        }
        return ([.. means], [.. deviations]);
    }

    /// <summary>Size of a whole slice-first grid at the model's spacing.</summary>
    /// <exception cref="ArgumentException">More than can be computed: one of the spacings is wrong.</exception>
    internal static PatchShape ShapeFor(VolumeGeometry geometry, SegmentationModelInfo info) => ShapeFor(new(geometry.Depth, geometry.Height, geometry.Width), geometry, info);

    static PatchShape ShapeFor(PatchShape box, VolumeGeometry geometry, SegmentationModelInfo info)
    {
        var (spacing, target) = (geometry.Spacing, info.TargetSpacing);
        double depth = info.IsPlanar ? box.Depth : Scaled(box.Depth, spacing[2], target[0]), height = Scaled(box.Height, spacing[1], target[1]), width = Scaled(box.Width, spacing[0], target[2]);
        if (depth * height * width * info.Channels > Array.MaxLength)
        {
            string has = FormattableString.Invariant($"{box} voxels and spacing {spacing[2]:0.####} x {spacing[1]:0.####} x {spacing[0]:0.####} mm (slices first)");
            string becomes = FormattableString.Invariant($"{depth} x {height} x {width} voxels at the model's spacing of {target[0]:0.####} x {target[1]:0.####} x {target[2]:0.####} mm");
            throw new ArgumentException($"The image of {has} would have {becomes}, more than one array holds. Check the image's spacing.");
        }
        return new((int)depth, (int)height, (int)width);

        static double Scaled(int size, double spacing, double target) =>
            Math.Abs(spacing - target) <= SameSpacing * target ? size : Math.Max(1, Math.Round(size * spacing / target));
    }

    /// <summary>nnU-Net's rule for D, H, W spacings: null if not anisotropic, else whether D alone is the worst axis.</summary>
    static bool? IsSeparateZ(ImmutableArray<double> spacing)
    {
        double worst = spacing.Max();
        if (worst / spacing.Min() <= Anisotropic) return null;
        return spacing[0] == worst && spacing.Count(s => s == worst) == 1;
    }

    static (float[] Values, PatchShape From, PatchShape To) CropToPrepared(MLVolume volume, PreparedVolume prepared, int factor)
    {
        if (volume.Geometry.DescribeDifference(factor == 1 ? prepared.Geometry : prepared.Geometry.Refine(factor, SliceAxis.Z)) is { } difference)
            throw new GeometryMismatchException($"The label or map does not lie on the image's grid: {difference}.");
        return (Crop(volume.Voxels, prepared.Geometry, 1, prepared.Box, factor), Refine(prepared.Box.Shape, factor), Refine(prepared.Shape, factor));
    }

    static float[] Crop(ReadOnlySpan<float> voxels, VolumeGeometry geometry, int channels, VoxelBox box, int factor)
    {
        var shape = Refine(box.Shape, factor);
        int depth = geometry.Depth * factor;
        var result = new float[channels * shape.Voxels];
        for (int c = 0, to = 0; c < channels; c++)
            for (int z = 0; z < shape.Depth; z++)
                for (int y = 0; y < shape.Height; y++, to += shape.Width)
                    voxels.Slice(((c * depth + box.Z * factor + z) * geometry.Height + box.Y + y) * geometry.Width + box.X, shape.Width).CopyTo(result.AsSpan(to));
        return result;
    }

    /// <summary>Cubic, clipped as skimage's resize does: to the range of the channel, or of the slice where slices are resampled apart.</summary>
    static float[] ResizeImage(float[] voxels, int channels, PatchShape from, PatchShape to, bool separateZ)
    {
        if (from == to) return voxels;
        float[] result = Resize(voxels, channels, from, to, 3, separateZ);
        int slices = separateZ ? to.Depth : 1, area = to.Voxels / slices, sourceSlices = separateZ ? from.Depth : 1, sourceArea = from.Voxels / sourceSlices;
        for (int c = 0; c < channels; c++)
            for (int z = 0; z < slices; z++)
            {
                int source = (int)((2L * z + 1) * sourceSlices / (2L * slices)); // nearest, as the resampler takes it
                var range = voxels.AsSpan((c * sourceSlices + source) * sourceArea, sourceArea);
                var slice = result.AsSpan((c * slices + z) * area, area);
                TensorPrimitives.Clamp(slice, TensorPrimitives.Min<float>(range), TensorPrimitives.Max<float>(range), slice);
            }
        return result;
    }

    static float[] Resize(float[] voxels, int channels, PatchShape from, PatchShape to, int order, bool separateZ)
    {
        if (from == to) return voxels;
        return Resampler.Resize(Wrap(voxels, channels, from), [to.Width, to.Height, to.Depth], order, separateZ ? 0 : null).Voxels.ToArray();
    }

    static MLVolume Wrap(float[] voxels, int channels, PatchShape shape) => new(new VolumeGeometry([shape.Width, shape.Height, shape.Depth], [1, 1, 1]), voxels, channels);

    static PatchShape Refine(PatchShape shape, int factor) => shape with { Depth = shape.Depth * factor };
}
