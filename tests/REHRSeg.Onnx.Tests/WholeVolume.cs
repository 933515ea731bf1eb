using REHRSeg.Imaging;

namespace REHRSeg.Onnx.Tests;

/// <summary>The same results the plain way: all class probabilities of the whole volume at once, in double precision, resampled by <see cref="Resampler"/>.</summary>
static class WholeVolume
{
    /// <summary>All slices of a window one after the other: <c>K x D x H x W</c> and <c>K x rD x H x W</c>.</summary>
    public static (float[]? Lr, float[]? Hr) Run(this SlidingWindow window, int classes, PatchShape shape, int factor)
    {
        int plane = shape.Height * shape.Width, z = 0;
        float[]? lr = null, hr = null;
        foreach (var slice in window.Run())
        {
            if (slice.Lr is { } thick) Copy(thick, lr ??= new float[classes * shape.Voxels], 1);
            if (slice.Hr is { } thin) Copy(thin, hr ??= new float[classes * factor * shape.Voxels], factor);
            z++;
        }
        Assert.Equal(shape.Depth, z);
        return (lr, hr);

        void Copy(float[] from, float[] to, int f)
        {
            for (int k = 0; k < classes; k++) from.AsSpan(k * f * plane, f * plane).CopyTo(to.AsSpan((k * shape.Depth + z) * f * plane));
        }
    }

    /// <summary>Tiles, mirrored forms, blending and restoring of a prepared volume, on the slice-first grid.</summary>
    public static float[] Segment(PreparedVolume prepared, IPatchModel model, SegmentationModelInfo info, bool hr, bool mirror)
    {
        var shape = prepared.Shape;
        int classes = info.Labels.Length, f = hr ? info.Factor : 1, margin = hr ? 1 : 0;
        var tile = info.Patch;
        TileAxis z = new(shape.Depth, tile.Depth, info.TileStep, info.GaussianSigma, f, margin * (f / 2 + 3)), y = new(shape.Height, tile.Height, info.TileStep, info.GaussianSigma, 1, margin * 3),
            x = new(shape.Width, tile.Width, info.TileStep, info.GaussianSigma, 1, margin * 3);
        var thin = shape with { Depth = shape.Depth * f };
        var (sum, weights) = (new double[classes * thin.Voxels], new double[thin.Voxels]);
        var (patch, lrOut, hrOut) = (new float[info.Channels * tile.Voxels], new float[hr ? 0 : classes * tile.Voxels], new float[hr ? classes * f * tile.Voxels : 0]);
        for (int zi = 0; zi < z.Starts.Length; zi++)
            for (int yi = 0; yi < y.Starts.Length; yi++)
                for (int xi = 0; xi < x.Starts.Length; xi++)
                    for (int flip = 0; flip < (mirror ? 8 : 1); flip++)
                    {
                        int At(int i, int n, int bit) => (flip & bit) != 0 ? n - 1 - i : i;
                        Array.Clear(patch);
                        for (int c = 0; c < info.Channels; c++)
                            for (int i = 0; i < tile.Voxels; i++)
                            {
                                int a = i / (tile.Height * tile.Width), b = i / tile.Width % tile.Height, d = i % tile.Width;
                                int pz = z.Starts[zi] / f + a, py = y.Starts[yi] + b, px = x.Starts[xi] + d;
                                if (pz < 0 || pz >= shape.Depth || py < 0 || py >= shape.Height || px < 0 || px >= shape.Width) continue;
                                patch[((c * tile.Depth + At(a, tile.Depth, 4)) * tile.Height + At(b, tile.Height, 2)) * tile.Width + At(d, tile.Width, 1)] =
                                    prepared.Voxels[((c * shape.Depth + pz) * shape.Height + py) * shape.Width + px];
                            }
                        model.Run(patch, 1, tile, lrOut, hrOut, default);
                        float[] output = hr ? hrOut : lrOut;
                        for (int a = z.First[zi]; a < z.End[zi]; a++)
                            for (int b = y.First[yi]; b < y.End[yi]; b++)
                                for (int d = x.First[xi]; d < x.End[xi]; d++)
                                {
                                    double w = (double)z.Weight[a] * y.Weight[b] * x.Weight[d];
                                    int to = ((z.Starts[zi] + a) * shape.Height + y.Starts[yi] + b) * shape.Width + x.Starts[xi] + d;
                                    weights[to] += w;
                                    for (int k = 0; k < classes; k++)
                                        sum[k * thin.Voxels + to] += w * output[((k * z.Tile + At(a, z.Tile, 4)) * tile.Height + At(b, tile.Height, 2)) * tile.Width + At(d, tile.Width, 1)];
                                }
                    }
        return Restore([.. sum.Select((s, i) => (float)(s / weights[i % thin.Voxels]))], classes, prepared, f);
    }

    /// <summary>Class probabilities on the grid before cropping and resampling; outside the box background is certain.</summary>
    public static float[] Restore(float[] probabilities, int classes, PreparedVolume prepared, int factor)
    {
        var box = prepared.Box;
        var (from, to) = (prepared.Shape with { Depth = prepared.Shape.Depth * factor }, box.Shape with { Depth = box.Shape.Depth * factor });
        var inside = Resampler.Resize(new MLVolume(new([from.Width, from.Height, from.Depth], [1, 1, 1]), probabilities, classes), [to.Width, to.Height, to.Depth], 1, prepared.SeparateZ && factor == 1 ? 0 : null).Voxels;
        var (width, height, depth) = (prepared.Geometry.Width, prepared.Geometry.Height, prepared.Geometry.Depth * factor);
        int volume = depth * height * width;
        var result = new float[classes * volume];
        result.AsSpan(0, volume).Fill(1);
        for (int k = 0, row = 0; k < classes; k++)
            for (int z = 0; z < to.Depth; z++)
                for (int y = 0; y < to.Height; y++, row += to.Width)
                    inside.Slice(row, to.Width).CopyTo(result.AsSpan(k * volume + ((box.Z * factor + z) * height + box.Y + y) * width + box.X));
        return result;
    }
}
