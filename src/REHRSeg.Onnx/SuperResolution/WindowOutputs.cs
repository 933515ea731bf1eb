namespace REHRSeg.Onnx;

/// <summary>
/// The network's outputs for a batch of windows: of one pass, or averaged over the 8 mirror images of each window (slices, rows, columns).
/// A window with its slices reversed holds <c>i+1 .. i-2</c>, so that slice i stays the second one and context comes from the other side too.
/// </summary>
internal sealed class WindowOutputs(ThickStack stack, int capacity, SelfSrModelInfo info)
{
    readonly int _plane = stack.PaddedHeight * stack.PaddedWidth;
    readonly float[] _windows = new float[capacity * stack.Channels * 4 * stack.PaddedHeight * stack.PaddedWidth];
    readonly float[][] _outputs = Buffers(stack, capacity, info), _sums = info.Mirroring ? Buffers(stack, capacity, info) : [];

    int Block => info.Factor * _plane;
    float[][] Result => info.Mirroring ? _sums : _outputs;

    /// <summary><c>C x r x H x W</c> of a window.</summary>
    public ReadOnlySpan<float> Image(int window) => Result[0].AsSpan(window * info.ImageChannels * Block, info.ImageChannels * Block);
    /// <summary><c>L x r x H x W</c> of a window.</summary>
    public ReadOnlySpan<float> Logits(int window) => Result[1].AsSpan(window * info.LabelChannels * Block, info.LabelChannels * Block);
    /// <summary><c>r x H x W</c> of a window.</summary>
    public ReadOnlySpan<float> Uncertainty(int window) => Result[2].AsSpan(window * Block, Block);

    /// <summary>Computes the windows of slices <paramref name="first"/> to <paramref name="first"/> + <paramref name="batch"/> - 1.</summary>
    public void Run(IWindowModel model, int first, int batch, CancellationToken cancellationToken)
    {
        foreach (float[] sum in _sums) Array.Clear(sum);
        for (int mirror = 0; mirror < (info.Mirroring ? 8 : 1); mirror++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            bool slices = (mirror & 4) != 0, rows = (mirror & 2) != 0, columns = (mirror & 1) != 0;
            int window = stack.Channels * 4 * _plane;
            for (int b = 0; b < batch; b++) stack.FillWindow(first + b, _windows.AsSpan(b * window, window), slices);
            MirrorPlanes(_windows.AsSpan(0, batch * window), rows, columns);
            model.Run(_windows.AsMemory(0, batch * window), batch, stack.PaddedHeight, stack.PaddedWidth,
                _outputs[0].AsMemory(0, batch * info.ImageChannels * Block), _outputs[1].AsMemory(0, batch * info.LabelChannels * Block), _outputs[2].AsMemory(0, batch * Block), cancellationToken);
            for (int o = 0; o < _sums.Length; o++)
            {
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

    /// <summary>Adds an eighth of each thin slice; of reversed windows the r thin slices come in reverse.</summary>
    void Accumulate(float[] output, float[] sum, bool reversed)
    {
        for (int at = 0; at < output.Length; at += Block)
            for (int t = 0; t < info.Factor; t++)
            {
                var from = output.AsSpan(at + (reversed ? info.Factor - 1 - t : t) * _plane, _plane);
                var to = sum.AsSpan(at + t * _plane, _plane);
                for (int i = 0; i < to.Length; i++) to[i] += from[i] / 8;
            }
    }

    static float[][] Buffers(ThickStack stack, int capacity, SelfSrModelInfo info)
    {
        int block = info.Factor * stack.PaddedHeight * stack.PaddedWidth;
        return [new float[capacity * info.ImageChannels * block], new float[capacity * info.LabelChannels * block], new float[capacity * block]];
    }
}
