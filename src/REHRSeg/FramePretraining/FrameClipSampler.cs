namespace REHRSeg;

/// <summary>Clips as managed arrays.</summary>
/// <param name="Count">Clips B.</param>
/// <param name="Inputs"><c>B x 3 x 4 x P x P</c> in [0,1].</param>
/// <param name="Targets"><c>B x 3 x n x P x P</c>.</param>
internal sealed record FrameBatch(int Count, float[] Inputs, float[] Targets);

/// <summary>
/// Draws clips, each of all films equally likely, and cuts the same patch out of all their frames. Flips, exchange of H and W and the order of colours are one choice for input and target;
/// a clip played backwards has its inputs and its targets in reverse. Frames smaller than the patch repeat their border. Thread-safe.
/// </summary>
internal sealed class FrameClipSampler
{
    static readonly int[][] s_orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];

    readonly IReadOnlyList<IFrameVideo> _videos;
    readonly FramePretrainingOptions _options;
    readonly FrameClip _clip;
    readonly int _side;
    readonly long[] _ends;

    /// <param name="videos">Of which at least one holds a clip.</param>
    /// <param name="options">Clip, patch, augmentation, threads.</param>
    public FrameClipSampler(IReadOnlyList<IFrameVideo> videos, FramePretrainingOptions options)
    {
        (_videos, _options, _clip, _side, _ends) = (videos, options, options.Clip, options.PatchSize, new long[videos.Count]);
        for (int v = 0; v < videos.Count; v++) _ends[v] = Clips += _clip.Count(videos[v].Frames);
        ArgumentOutOfRangeException.ThrowIfZero(Clips, nameof(videos));
    }

    /// <summary>Clips in all films, overlapping ones included.</summary>
    public long Clips { get; }

    /// <summary>Where a clip lies and how it is turned; Order is the index of a permutation of the colours, 0 the identity.</summary>
    internal readonly record struct Placement(int Video, int Start, int Row, int Column, bool Backwards = false, bool FlipRows = false, bool FlipColumns = false, bool Swap = false, int Order = 0);

    /// <summary>Draws and cuts <paramref name="count"/> clips.</summary>
    public FrameBatch Draw(int count, Random random)
    {
        Placement[] places = [.. Enumerable.Range(0, count).Select(_ => Place(random))];
        int plane = 3 * _side * _side;
        var batch = new FrameBatch(count, new float[count * FrameClip.Inputs * plane], new float[count * _clip.Outputs * plane]);
        void Cut(int b) => Render(places[b], batch.Inputs.AsSpan(b * FrameClip.Inputs * plane, FrameClip.Inputs * plane), batch.Targets.AsSpan(b * _clip.Outputs * plane, _clip.Outputs * plane));
        if (_options.ReaderThreads == 1)
        {
            for (int b = 0; b < count; b++) Cut(b);
            return batch;
        }
        try
        {
            Parallel.For(0, count, new() { MaxDegreeOfParallelism = _options.ReaderThreads }, Cut);
        }
        catch (AggregateException e)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(e.InnerExceptions[0]);
        }
        return batch;
    }

    internal Placement Place(Random random)
    {
        long clip = random.NextInt64(Clips);
        int video = Array.BinarySearch(_ends, clip + 1);
        if (video < 0) video = ~video;
        else while (video > 0 && _ends[video - 1] == _ends[video]) video--; // films without a clip
        var film = _videos[video];
        int Start(int size) => size > _side ? random.Next(size - _side + 1) : (size - _side) / 2;
        bool Chance(double probability) => random.NextDouble() < probability;
        int start = (int)(clip - (_ends[video] - _clip.Count(film.Frames)));
        var place = new Placement(video, start, Start(film.Height), Start(film.Width), Chance(_options.ReversalProbability), Chance(_options.FlipProbability), Chance(_options.FlipProbability), Chance(_options.SwapProbability));
        return Chance(_options.ChannelShuffleProbability) ? place with { Order = random.Next(s_orders.Length) } : place;
    }

    /// <summary>Cuts one clip: <c>3 x 4 x P x P</c> and <c>3 x n x P x P</c>.</summary>
    internal void Render(Placement at, Span<float> inputs, Span<float> targets)
    {
        var film = _videos[at.Video];
        int[] rows = Positions(at.Row, film.Height, at.FlipRows), columns = Positions(at.Column, film.Width, at.FlipColumns);
        var colours = new float[3 * _side * _side];
        for (int i = 0; i < FrameClip.Inputs; i++) Frame(_clip.Input(i), i, FrameClip.Inputs, inputs);
        for (int i = 0; i < _clip.Outputs; i++) Frame(_clip.Target(i), i, _clip.Outputs, targets);

        void Frame(int position, int index, int count, Span<float> result)
        {
            int plane = _side * _side;
            film.Read(at.Start + (at.Backwards ? _clip.Length - 1 - position : position), rows, columns, colours);
            for (int c = 0; c < 3; c++)
            {
                var from = colours.AsSpan(s_orders[at.Order][c] * plane, plane);
                var to = result.Slice((c * count + index) * plane, plane);
                if (at.Swap) Transpose(from, to);
                else from.CopyTo(to);
            }
        }
    }

    void Transpose(ReadOnlySpan<float> from, Span<float> to)
    {
        for (int y = 0; y < _side; y++)
            for (int x = 0; x < _side; x++) to[x * _side + y] = from[y * _side + x];
    }

    int[] Positions(int start, int size, bool flip) => [.. Enumerable.Range(0, _side).Select(i => Math.Clamp(start + (flip ? _side - 1 - i : i), 0, size - 1))];
}
