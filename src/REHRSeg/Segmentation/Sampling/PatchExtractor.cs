using REHRSeg.Onnx;

namespace REHRSeg;

/// <summary>First voxel of a patch in its case; may lie outside (padding).</summary>
internal readonly record struct PatchCorner(int Depth, int Height, int Width);

/// <summary>
/// Cuts a patch out of a case, straight or through a spatial transform: image cubic (Keys a = -0.5 on the voxels, in-plane 4x4 or 4x4x4 taps),
/// labels by their linear one-hot weights (at least 0.5 wins, ties to the larger class, else background), uncertainty linear. The thin labels
/// follow the same map on their r-refined grid. Outside the volume: image 0, background, uncertainty 1.
/// </summary>
internal static class PatchExtractor
{
    /// <summary>Cuts a patch.</summary>
    /// <param name="source">The case.</param>
    /// <param name="corner">First voxel.</param>
    /// <param name="shape">Patch size.</param>
    /// <param name="map">From patch to case, about the patch's centre; identity: plain copy.</param>
    public static SegmentationSample Extract(SegmentationCase source, PatchCorner corner, PatchShape shape, SpatialMap map)
    {
        var sample = new SegmentationSample(shape, source.Channels, source.Factor)
        {
            HrLabel = source.HrLabel is null ? null : new byte[source.Factor * shape.Voxels],
            Uncertainty = source.Uncertainty is null ? null : new float[shape.Voxels],
            UnitRanges = source.UnitRanges,
        };
        sample.Uncertainty?.AsSpan().Fill(1);
        var thick = source.Shape;
        PatchShape thin = thick with { Depth = thick.Depth * source.Factor }, thinPatch = shape with { Depth = shape.Depth * source.Factor };
        var thinCorner = corner with { Depth = corner.Depth * source.Factor };
        if (map.IsIdentity)
        {
            for (int c = 0; c < source.Channels; c++) Copy<float>(source.Image.AsSpan(c * thick.Voxels, thick.Voxels), thick, sample.Channel(c), shape, corner);
            Copy<byte>(source.Label, thick, sample.Label, shape, corner);
            if (source.HrLabel is { } hr) Copy<byte>(hr, thin, sample.HrLabel, thinPatch, thinCorner);
            if (source.Uncertainty is { } u) Copy<float>(u, thick, sample.Uncertainty, shape, corner);
            return sample;
        }
        for (int c = 0; c < source.Channels; c++) Warp(new CubicTaps(), source.Image.AsSpan(c * thick.Voxels, thick.Voxels), thick, sample.Channel(c), shape, corner, map, outside: 0);
        WarpLabels(source.Label, thick, sample.Label, shape, corner, map, 1);
        if (source.HrLabel is { } hrLabel) WarpLabels(hrLabel, thin, sample.HrLabel!, thinPatch, thinCorner, map, source.Factor);
        if (source.Uncertainty is { } uncertainty) Warp(new LinearTaps(), uncertainty, thick, sample.Uncertainty!, shape, corner, map, outside: 1);
        return sample;
    }

    static void Copy<T>(ReadOnlySpan<T> from, PatchShape size, Span<T> to, PatchShape shape, PatchCorner corner)
    {
        int x0 = Math.Max(0, -corner.Width), x1 = Math.Min(shape.Width, size.Width - corner.Width);
        int y0 = Math.Max(0, -corner.Height), y1 = Math.Min(shape.Height, size.Height - corner.Height);
        int z0 = Math.Max(0, -corner.Depth), z1 = Math.Min(shape.Depth, size.Depth - corner.Depth);
        if (x1 <= x0) return;
        for (int z = z0; z < z1; z++)
            for (int y = y0; y < y1; y++)
                from.Slice(((z + corner.Depth) * size.Height + y + corner.Height) * size.Width + x0 + corner.Width, x1 - x0)
                    .CopyTo(to.Slice((z * shape.Height + y) * shape.Width + x0, x1 - x0));
    }

    static void Warp<TTaps>(TTaps kernel, ReadOnlySpan<float> from, PatchShape size, Span<float> to, PatchShape shape, PatchCorner corner, SpatialMap map, float outside) where TTaps : struct, ITaps
    {
        var taps = new TapSet(kernel.Count, map.InPlane);
        for (int y = 0, i = 0; y < shape.Height; y++)
            for (int x = 0; x < shape.Width; x++, i++)
                for (int z = 0; z < shape.Depth; z++)
                {
                    if (!taps.Move(kernel, map, size, shape, corner, 1, z, y, x)) continue;
                    float sum = outside;
                    for (int k = 0; k < taps.Used; k++) sum += taps.Weights[k] * (from[taps.Indices[k]] - outside);
                    to[z * shape.Height * shape.Width + i] = sum;
                }
    }

    static void WarpLabels(ReadOnlySpan<byte> from, PatchShape size, Span<byte> to, PatchShape shape, PatchCorner corner, SpatialMap map, int factor)
    {
        var kernel = new LinearTaps();
        var taps = new TapSet(kernel.Count, map.InPlane);
        for (int y = 0, i = 0; y < shape.Height; y++)
            for (int x = 0; x < shape.Width; x++, i++)
                for (int z = 0; z < shape.Depth; z++)
                {
                    if (!taps.Move(kernel, map, size, shape, corner, factor, z, y, x)) continue;
                    int winner = 0;
                    for (int k = 0; k < taps.Used; k++)
                    {
                        int label = from[taps.Indices[k]];
                        if (label <= winner) continue;
                        float share = 0;
                        for (int j = 0; j < taps.Used; j++) if (from[taps.Indices[j]] == label) share += taps.Weights[j];
                        if (share >= 0.4999999f) winner = label;
                    }
                    to[z * shape.Height * shape.Width + i] = (byte)winner;
                }
    }

    interface ITaps
    {
        /// <summary>Taps along one axis.</summary>
        int Count { get; }
        /// <summary>First tap relative to floor(position).</summary>
        int First { get; }
        void Weigh(float t, Span<float> weights);
    }

    readonly struct LinearTaps : ITaps
    {
        public int Count => 2;
        public int First => 0;
        public void Weigh(float t, Span<float> weights) => (weights[0], weights[1]) = (1 - t, t);
    }

    readonly struct CubicTaps : ITaps
    {
        public int Count => 4;
        public int First => -1;
        public void Weigh(float t, Span<float> weights)
        {
            float u = 1 - t;
            weights[0] = -0.5f * t * u * u;
            weights[1] = 1 + t * t * (1.5f * t - 2.5f);
            weights[2] = 1 + u * u * (1.5f * u - 2.5f);
            weights[3] = -0.5f * t * t * u;
        }
    }

    /// <summary>Source voxels and weights of one patch voxel; in-plane maps reuse those of the column.</summary>
    sealed class TapSet(int count, bool inPlane)
    {
        readonly int[] _plane = new int[count * count];
        readonly float[] _planeWeights = new float[count * count];
        int _planeUsed;

        public int[] Indices { get; } = new int[count * count * (inPlane ? 1 : count)];
        public float[] Weights { get; } = new float[count * count * (inPlane ? 1 : count)];
        public int Used { get; private set; }

        /// <summary>Sets the taps for patch voxel (z, y, x); false: all lie outside.</summary>
        public bool Move<TTaps>(TTaps kernel, SpatialMap map, PatchShape size, PatchShape shape, PatchCorner corner, int factor, int z, int y, int x) where TTaps : struct, ITaps
        {
            // A thin slice k lies at thick coordinate (k + 0.5) / r - 0.5; relative to the patch's centre that is a division by r alone.
            double dz = (z - (shape.Depth - 1) / 2.0) / factor, dy = y - (shape.Height - 1) / 2.0, dx = x - (shape.Width - 1) / 2.0;
            if (!map.InPlane || z == 0)
            {
                var (_, sy, sx) = map.Apply(dz, dy, dx);
                SetPlane(kernel, size, sy + (shape.Height - 1) / 2.0 + corner.Height, sx + (shape.Width - 1) / 2.0 + corner.Width);
            }
            Used = 0;
            int area = size.Height * size.Width;
            if (map.InPlane)
            {
                int slice = z + corner.Depth;
                if ((uint)slice >= (uint)size.Depth) return false;
                for (int k = 0; k < _planeUsed; k++) (Indices[k], Weights[k]) = (_plane[k] + slice * area, _planeWeights[k]);
                return (Used = _planeUsed) > 0;
            }
            double at = map.Apply(dz, dy, dx).Z * factor + (shape.Depth - 1) / 2.0 + corner.Depth;
            int floor = (int)Math.Floor(at);
            Span<float> weights = stackalloc float[4];
            kernel.Weigh((float)(at - floor), weights);
            for (int t = 0; t < kernel.Count; t++)
            {
                int slice = floor + kernel.First + t;
                if ((uint)slice >= (uint)size.Depth) continue;
                for (int k = 0; k < _planeUsed; k++, Used++) (Indices[Used], Weights[Used]) = (_plane[k] + slice * area, _planeWeights[k] * weights[t]);
            }
            return Used > 0;
        }

        void SetPlane<TTaps>(TTaps kernel, PatchShape size, double y, double x) where TTaps : struct, ITaps
        {
            Span<float> wy = stackalloc float[4], wx = stackalloc float[4];
            int floorY = (int)Math.Floor(y), floorX = (int)Math.Floor(x);
            kernel.Weigh((float)(y - floorY), wy);
            kernel.Weigh((float)(x - floorX), wx);
            _planeUsed = 0;
            for (int a = 0; a < kernel.Count; a++)
            {
                int row = floorY + kernel.First + a;
                if ((uint)row >= (uint)size.Height) continue;
                for (int b = 0; b < kernel.Count; b++)
                {
                    int column = floorX + kernel.First + b;
                    if ((uint)column >= (uint)size.Width) continue;
                    (_plane[_planeUsed], _planeWeights[_planeUsed]) = (row * size.Width + column, wy[a] * wx[b]);
                    _planeUsed++;
                }
            }
        }
    }
}
