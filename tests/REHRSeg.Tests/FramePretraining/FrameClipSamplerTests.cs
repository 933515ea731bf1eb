namespace REHRSeg.Tests.FramePretraining;

public sealed class FrameClipSamplerTests
{
    /// <summary>Value tells frame, row, column and colour.</summary>
    sealed class CodedVideo(int frames, int height, int width) : IFrameVideo
    {
        public string Name => "coded";
        public string Group => "coded";
        public int Frames => frames;
        public int Height => height;
        public int Width => width;

        public void Read(int frame, ReadOnlySpan<int> rows, ReadOnlySpan<int> columns, Span<float> colours)
        {
            for (int c = 0; c < 3; c++)
                for (int y = 0; y < rows.Length; y++)
                    for (int x = 0; x < columns.Length; x++) colours[(c * rows.Length + y) * columns.Length + x] = Code(frame, rows[y], columns[x], c);
        }

        public static float Code(int frame, int row, int column, int colour) => frame * 100_000 + row * 1000 + column * 10 + colour;
    }

    static readonly FramePretrainingOptions s_plain = new() { PatchSize = 8, FlipProbability = 0, ReversalProbability = 0, SwapProbability = 0 };

    static (float[] Inputs, float[] Targets) Render(FrameClipSampler sampler, FrameClipSampler.Placement at, int outputs)
    {
        var (inputs, targets) = (new float[3 * 4 * 64], new float[3 * outputs * 64]);
        sampler.Render(at, inputs, targets);
        return (inputs, targets);
    }

    /// <summary>Position of colour c, frame i of n, row y, column x.</summary>
    static float At(float[] values, int n, int c, int i, int y, int x) => values[((c * n + i) * 8 + y) * 8 + x];

    [Theory]
    [InlineData(1, new[] { 0, 2, 4, 6 }, new[] { 3 })]
    [InlineData(3, new[] { 0, 4, 8, 12 }, new[] { 5, 6, 7 })]
    [InlineData(7, new[] { 0, 8, 16, 24 }, new[] { 9, 10, 11, 12, 13, 14, 15 })]
    public void Inputs_and_targets_are_the_papers_frames(int outputs, int[] inputFrames, int[] targetFrames)
    {
        var sampler = new FrameClipSampler([new CodedVideo(40, 30, 40)], s_plain with { Outputs = outputs });
        Assert.Equal(40 - inputFrames[^1], sampler.Clips);
        var (inputs, targets) = Render(sampler, new(0, 2, 11, 5), outputs);
        for (int c = 0; c < 3; c++)
            for (int y = 0; y < 8; y++)
                for (int x = 0; x < 8; x++)
                {
                    for (int i = 0; i < 4; i++) Assert.Equal(CodedVideo.Code(2 + inputFrames[i], 11 + y, 5 + x, c), At(inputs, 4, c, i, y, x));
                    for (int i = 0; i < outputs; i++) Assert.Equal(CodedVideo.Code(2 + targetFrames[i], 11 + y, 5 + x, c), At(targets, outputs, c, i, y, x));
                }
    }

    [Fact]
    public void Augmentation_turns_input_and_target_alike()
    {
        const int N = 3;
        var sampler = new FrameClipSampler([new CodedVideo(13, 20, 24)], s_plain with { Outputs = N });
        var plain = Render(sampler, new(0, 0, 4, 6), N);
        for (int bits = 0; bits < 16; bits++)
        {
            bool backwards = (bits & 1) > 0, rows = (bits & 2) > 0, columns = (bits & 4) > 0, swap = (bits & 8) > 0;
            var turned = Render(sampler, new(0, 0, 4, 6, backwards, rows, columns, swap, Order: 3), N); // order 3: colours 1, 2, 0
            Check(plain.Inputs, turned.Inputs, 4);
            Check(plain.Targets, turned.Targets, N);

            void Check(float[] from, float[] to, int n)
            {
                for (int c = 0; c < 3; c++)
                    for (int i = 0; i < n; i++)
                        for (int y = 0; y < 8; y++)
                            for (int x = 0; x < 8; x++)
                            {
                                var (r, k) = swap ? (x, y) : (y, x);
                                Assert.Equal(At(from, n, (c + 1) % 3, backwards ? n - 1 - i : i, rows ? 7 - r : r, columns ? 7 - k : k), At(to, n, c, i, y, x));
                            }
            }
        }
    }

    [Fact]
    public void Small_frames_repeat_their_border()
    {
        var sampler = new FrameClipSampler([new CodedVideo(7, 5, 30)], s_plain);
        var place = sampler.Place(new Random(1));
        Assert.Equal(-1, place.Row);
        var (inputs, _) = Render(sampler, place, 1);
        int[] rows = [0, 0, 1, 2, 3, 4, 4, 4];
        for (int y = 0; y < 8; y++) Assert.Equal(CodedVideo.Code(0, rows[y], place.Column, 0), At(inputs, 4, 0, 0, y, 0));
    }

    [Fact]
    public void Every_clip_of_every_film_is_equally_likely_and_turned_half_of_the_time()
    {
        var options = new FramePretrainingOptions { PatchSize = 8, ChannelShuffleProbability = 1 };
        var sampler = new FrameClipSampler([new CodedVideo(3, 9, 9), new CodedVideo(9, 9, 9), new CodedVideo(6, 9, 9), new CodedVideo(7, 9, 9)], options);
        Assert.Equal(4, sampler.Clips);
        var random = TrainingSeeds.Random(1, "test");
        var places = Enumerable.Range(0, 4000).Select(_ => sampler.Place(random)).ToArray();
        Assert.Equal([(1, 0), (1, 1), (1, 2), (3, 0)], places.Select(p => (p.Video, p.Start)).Distinct().Order());
        Assert.All(places.CountBy(p => (p.Video, p.Start)), clip => Assert.InRange(clip.Value, 850, 1150));
        Assert.All(places.CountBy(p => (p.Row, p.Column)), position => Assert.InRange(position.Value, 850, 1150));
        foreach (var bit in (Func<FrameClipSampler.Placement, bool>[])[p => p.Backwards, p => p.FlipRows, p => p.FlipColumns, p => p.Swap]) Assert.InRange(places.Count(bit), 1850, 2150);
        Assert.Equal(6, places.Select(p => p.Order).Distinct().Count());
    }

    [Fact]
    public void Threads_do_not_change_a_batch()
    {
        IFrameVideo[] films = [new CodedVideo(30, 20, 24), new CodedVideo(9, 12, 12)];
        var one = new FrameClipSampler(films, new() { PatchSize = 8 }).Draw(16, TrainingSeeds.Random(3, "test"));
        var four = new FrameClipSampler(films, new() { PatchSize = 8, ReaderThreads = 4 }).Draw(16, TrainingSeeds.Random(3, "test"));
        Assert.Equal(one.Inputs, four.Inputs);
        Assert.Equal(one.Targets, four.Targets);
    }
}
