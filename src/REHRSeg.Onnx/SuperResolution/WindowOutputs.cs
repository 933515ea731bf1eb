namespace REHRSeg.Onnx;

/// <summary>
/// The network's outputs for a batch of windows, averaged over the views of each window that the <see cref="WindowEnsemble"/> names.
/// A window with its slices reversed holds <c>i+1 .. i-2</c>, so that slice i stays the second one and context comes from the other side too.
/// </summary>
internal sealed class WindowOutputs(ThickStack stack, int capacity, SelfSrModelInfo info)
{
    readonly int _plane = stack.PaddedHeight * stack.PaddedWidth;
    readonly float[] _windows = new float[capacity * stack.Channels * 4 * stack.PaddedHeight * stack.PaddedWidth];
    readonly float[][] _outputs = Buffers(stack, capacity, info), _sums = info.Ensemble == WindowEnsemble.None ? [] : Buffers(stack, capacity, info);
    readonly float[] _transposed = new float[info.Ensemble == WindowEnsemble.Full ? stack.PaddedHeight * stack.PaddedWidth : 0];

    int Block => info.Factor * _plane;
    float[][] Result => info.Ensemble == WindowEnsemble.None ? _outputs : _sums;

    /// <summary><c>C x r x H x W</c> of a window.</summary>
    public ReadOnlySpan<float> Image(int window) => Result[0].AsSpan(window * info.ImageChannels * Block, info.ImageChannels * Block);
    /// <summary><c>L x r x H x W</c> of a window.</summary>
    public ReadOnlySpan<float> Logits(int window) => Result[1].AsSpan(window * info.LabelChannels * Block, info.LabelChannels * Block);
    /// <summary><c>r x H x W</c> of a window.</summary>
    public ReadOnlySpan<float> Uncertainty(int window) => Result[2].AsSpan(window * Block, Block);

    /// <summary>Computes the windows of slices <paramref name="first"/> to <paramref name="first"/> + <paramref name="batch"/> - 1.</summary>
    public void Run(PlaneRunner runner, int first, int batch, CancellationToken cancellationToken)
    {
        foreach (float[] sum in _sums) Array.Clear(sum);
        for (int view = 0; view < (int)info.Ensemble; view++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            bool transposed = (view & 8) != 0, slices = (view & 4) != 0, rows = (view & 2) != 0, columns = (view & 1) != 0;
            int window = stack.Channels * 4 * _plane, height = transposed ? stack.PaddedWidth : stack.PaddedHeight;
            for (int b = 0; b < batch; b++) stack.FillWindow(first + b, _windows.AsSpan(b * window, window), slices);
            MirrorPlanes(_windows.AsSpan(0, batch * window), rows, columns);
            if (transposed) TransposePlanes(_windows.AsSpan(0, batch * window), stack.PaddedHeight, stack.PaddedWidth);
            runner.Run(_windows.AsMemory(0, batch * window), batch, height, _plane / height,
                _outputs[0].AsMemory(0, batch * info.ImageChannels * Block), _outputs[1].AsMemory(0, batch * info.LabelChannels * Block), _outputs[2].AsMemory(0, batch * Block), cancellationToken);
            for (int o = 0; o < _sums.Length; o++)
            {
                if (transposed) TransposePlanes(_outputs[o], stack.PaddedWidth, stack.PaddedHeight);
                MirrorPlanes(_outputs[o], rows, columns);
                Accumulate(_outputs[o], _sums[o], slices);
            }
        }
    }

    void MirrorPlanes(Span<float> planes, bool rows, bool columns)
    {
        if (!rows && !columns) return;
        for (int at = 0; at < planes.Length; at += _plane)
        {
            var plane = planes.Slice(at, _plane);
            if (rows && columns) plane.Reverse();
            else if (rows)
                for (int top = 0, bottom = _plane - stack.PaddedWidth; top < bottom; top += stack.PaddedWidth, bottom -= stack.PaddedWidth)
                    for (int x = 0; x < stack.PaddedWidth; x++) (plane[top + x], plane[bottom + x]) = (plane[bottom + x], plane[top + x]);
            else
                for (int y = 0; y < _plane; y += stack.PaddedWidth) plane.Slice(y, stack.PaddedWidth).Reverse();
        }
    }

    /// <summary>Planes of <c>height x width</c> to <c>width x height</c>.</summary>
    void TransposePlanes(Span<float> planes, int height, int width)
    {
        for (int at = 0; at < planes.Length; at += _plane)
        {
            var plane = planes.Slice(at, _plane);
            for (int y = 0; y < height; y++)
                for (int x = 0; x < width; x++) _transposed[x * height + y] = plane[y * width + x];
            _transposed.CopyTo(plane);
        }
    }

    /// <summary>Adds each thin slice's part of the average; of reversed windows the r thin slices come in reverse.</summary>
    void Accumulate(float[] output, float[] sum, bool reversed)
    {
        int views = (int)info.Ensemble;
        for (int at = 0; at < output.Length; at += Block)
            for (int t = 0; t < info.Factor; t++)
            {
                var from = output.AsSpan(at + (reversed ? info.Factor - 1 - t : t) * _plane, _plane);
                var to = sum.AsSpan(at + t * _plane, _plane);
                for (int i = 0; i < to.Length; i++) to[i] += from[i] / views;
            }
    }

    static float[][] Buffers(ThickStack stack, int capacity, SelfSrModelInfo info)
    {
        int block = info.Factor * stack.PaddedHeight * stack.PaddedWidth;
        return [new float[capacity * info.ImageChannels * block], new float[capacity * info.LabelChannels * block], new float[capacity * block]];
    }
}
