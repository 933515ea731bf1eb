using System.Numerics.Tensors;

namespace REHRSeg.Onnx;

/// <summary>
/// Brings class probabilities of a prepared volume back to the grid before cropping and resampling, slice by slice: linear in plane and along D
/// (nearest along D for thick slices that were resampled apart); outside the box background is certain.
/// </summary>
internal sealed class SliceRestorer
{
    readonly PreparedVolume _prepared;
    readonly int _classes, _factor, _width, _height;
    readonly LinearTaps _z, _y, _x;
    readonly bool _inPlane;
    // In-plane restored blocks of the prepared slices from _firstHeld on, K x f x H x W of the box.
    readonly Queue<float[]> _held = [];
    readonly Stack<float[]> _free = [];
    int _firstHeld, _added;

    /// <summary>Plans the way back.</summary>
    /// <param name="prepared">The prepared image; its voxels are not used.</param>
    /// <param name="classes">K.</param>
    /// <param name="factor">f: 1 for thick slices, r for the thin ones in each.</param>
    public SliceRestorer(PreparedVolume prepared, int classes, int factor = 1)
    {
        (_prepared, _classes, _factor) = (prepared, classes, factor);
        var (from, to) = (prepared.Shape, prepared.Box.Shape);
        (_width, _height) = (prepared.Geometry.Width, prepared.Geometry.Height);
        _z = new(from.Depth * factor, to.Depth * factor, nearest: prepared.SeparateZ && factor == 1);
        (_y, _x) = (new(from.Height, to.Height), new(from.Width, to.Width));
        _inPlane = from.Height != to.Height || from.Width != to.Width;
    }

    /// <summary>Values of one restored slice: <c>K x f x H x W</c> of the whole grid.</summary>
    public int Length => ArrayLength.Of(_classes, _factor, _height, _width);

    /// <summary>Takes the next prepared slice, <c>K x f x H x W</c>; copied.</summary>
    public void Add(float[] slice)
    {
        var box = _prepared.Box.Shape;
        int planes = _classes * _factor, from = _prepared.Shape.Height * _prepared.Shape.Width, to = box.Height * box.Width;
        float[] block = _free.TryPop(out var free) ? free : new float[planes * to];
        if (_inPlane) Parallel.For(0, planes, p => ResizePlane(slice.AsSpan(p * from, from), block.AsSpan(p * to, to)));
        else slice.CopyTo(block, 0);
        _held.Enqueue(block);
        _added++;
    }

    /// <summary>True if slice z of the box can be written with what was added.</summary>
    public bool IsReady(int z) => _added > _z.Upper[(z + 1) * _factor - 1] / _factor;

    /// <summary>Writes slice z of the box; its z never goes back.</summary>
    /// <param name="z">Slice of the box.</param>
    /// <param name="target"><c>K x f x H x W</c> of the whole grid; what lies outside the box is not touched.</param>
    public void Write(int z, float[] target)
    {
        for (; _firstHeld < _z.Lower[z * _factor] / _factor; _firstHeld++) _free.Push(_held.Dequeue());
        var box = _prepared.Box;
        int to = box.Shape.Height * box.Shape.Width;
        float[][] held = [.. _held];
        for (int t = 0; t < _factor; t++)
        {
            int thin = z * _factor + t, lower = _z.Lower[thin], upper = _z.Upper[thin];
            for (int k = 0; k < _classes; k++)
            {
                ReadOnlySpan<float> a = Plane(lower), b = Plane(upper);
                for (int y = 0; y < box.Shape.Height; y++)
                {
                    var row = target.AsSpan(((k * _factor + t) * _height + box.Y + y) * _width + box.X, box.Shape.Width);
                    LinearTaps.Mix(a.Slice(y * row.Length, row.Length), b.Slice(y * row.Length, row.Length), _z.Part[thin], row);
                }
                ReadOnlySpan<float> Plane(int at) => held[at / _factor - _firstHeld].AsSpan((k * _factor + at % _factor) * to, to);
            }
        }
    }

    /// <summary>Certain background in a whole slice.</summary>
    public void Clear(float[] target)
    {
        target.AsSpan().Clear();
        target.AsSpan(0, _factor * _height * _width).Fill(1);
    }

    void ResizePlane(ReadOnlySpan<float> from, Span<float> to)
    {
        int n = _prepared.Shape.Width, m = _prepared.Box.Shape.Width;
        Span<float> line = stackalloc float[n];
        for (int y = 0; y < _prepared.Box.Shape.Height; y++)
        {
            LinearTaps.Mix(from.Slice(_y.Lower[y] * n, n), from.Slice(_y.Upper[y] * n, n), _y.Part[y], line);
            var row = to.Slice(y * m, m);
            for (int x = 0; x < m; x++) row[x] = line[_x.Lower[x]] + _x.Part[x] * (line[_x.Upper[x]] - line[_x.Lower[x]]);
        }
    }
}

/// <summary>From n to m samples over the same field of view: sample k lies at (k + 0.5) n/m - 0.5, clamped to the ends.</summary>
internal sealed class LinearTaps
{
    public LinearTaps(int n, int m, bool nearest = false)
    {
        (Lower, Upper, Part) = (new int[m], new int[m], new float[m]);
        for (int k = 0; k < m; k++)
        {
            double at = Math.Clamp((k + 0.5) * n / m - 0.5, 0, n - 1);
            int low = nearest ? (int)((2L * k + 1) * n / (2L * m)) : (int)at;
            Part[k] = nearest ? 0 : (float)(at - low);
            (Lower[k], Upper[k]) = (low, Part[k] == 0 ? low : Math.Min(low + 1, n - 1));
        }
    }

    /// <summary>The sample before.</summary>
    public int[] Lower { get; }
    /// <summary>The sample after; the same where the position is a sample's.</summary>
    public int[] Upper { get; }
    /// <summary>Weight of the sample after.</summary>
    public float[] Part { get; }

    /// <summary>a + part (b - a).</summary>
    public static void Mix(ReadOnlySpan<float> a, ReadOnlySpan<float> b, float part, Span<float> result)
    {
        if (part == 0)
        {
            a.CopyTo(result);
            return;
        }
        TensorPrimitives.Multiply(a, 1 - part, result);
        TensorPrimitives.MultiplyAdd(b, part, result, result);
    }
}
