using REHRSeg.Imaging;
using TorchSharp;

namespace REHRSeg.Tests.FramePretraining;

public sealed class FrameFolderTests : IDisposable
{
    static readonly FramePretrainingOptions s_options = new() { PatchSize = 8, HeldOut = 0 };
    readonly TemporaryFolder _folder = new();
    readonly List<string> _warnings = [];

    public void Dispose() => _folder.Dispose();

    FrameSource Open(FramePretrainingOptions? options = null) => FrameFolder.Open(_folder.Path, options ?? s_options, new() { Device = torch.CPU, Warn = _warnings.Add });

    void Refused(params string[] words) => Refused(s_options, words);

    void Refused(FramePretrainingOptions options, params string[] words)
    {
        string message = Assert.Throws<DatasetException>(() => Open(options)).Message;
        Assert.All(words, word => Assert.Contains(word, message, StringComparison.Ordinal));
    }

    /// <summary>Codes of a film's frames, and the position code of one pixel of each.</summary>
    static int[] Codes(IFrameVideo film) => [.. Enumerable.Range(0, film.Frames).Select(f =>
    {
        var pixel = new float[3];
        film.Read(f, [5], [7], pixel);
        Assert.Equal(15 / 255f, pixel[1], 1e-6f);
        Assert.Equal(107 / 255f, pixel[2], 1e-6f);
        return (int)MathF.Round(pixel[0] * 255);
    })];

    [Fact]
    public void Septuplets_are_films_of_seven_in_order()
    {
        FrameFiles.WriteSeptuplet(_folder.Path, "00001/0002", 50);
        FrameFiles.WriteSeptuplet(_folder.Path, "00001/0001", 10);
        FrameFiles.WriteSeptuplet(_folder.Path, "00002/0001", 90, width: 24, height: 18);
        var source = Open();
        Assert.Equal(["00001/0001", "00001/0002", "00002/0001"], source.Training.Select(v => v.Name));
        Assert.Equal([Enumerable.Range(10, 7), Enumerable.Range(50, 7), Enumerable.Range(90, 7)], source.Training.Select(Codes));
        Assert.Equal((18, 24), (source.Training[2].Height, source.Training[2].Width));
        Assert.False(source.HeldOut);
    }

    [Fact]
    public void Vimeos_lists_say_what_is_trained_and_what_is_measured()
    {
        for (int i = 0; i < 4; i++) FrameFiles.WriteSeptuplet(_folder.Path, $"00001/000{i}", 20 * i);
        File.WriteAllText(_folder["sep_trainlist.txt"], "00001/0002\n00001/0000\n\n");
        var trained = Open(s_options with { HeldOut = 0.5 });
        Assert.Single(trained.Training);
        Assert.Equal(["00001/0000", "00001/0002"], trained.Training.Concat(trained.Validation).Select(v => v.Name).Order());
        File.WriteAllText(_folder["sep_testlist.txt"], "00001/0003\r\n");
        var source = Open();
        Assert.Equal(["00001/0002", "00001/0000"], source.Training.Select(v => v.Name));
        Assert.Equal(["00001/0003"], source.Validation.Select(v => v.Name));
        Assert.True(source.HeldOut);
        File.AppendAllText(_folder["sep_trainlist.txt"], "00009/0001\n");
        Refused("sep_trainlist.txt", "00009/0001");
    }

    [Fact]
    public void Numbered_frames_sort_by_number_and_every_folder_is_a_film()
    {
        FrameFiles.WriteCoded(_folder["b"], Enumerable.Range(1, 12).Select(i => ($"frame_{i}.png", i)));
        FrameFiles.WriteCoded(_folder["a/deep"], Enumerable.Range(95, 10).Select(i => ($"{i:00000}.PNG".Replace("PNG", "png", StringComparison.Ordinal), 2 * (i - 95))));
        File.WriteAllText(_folder["b/notes.txt"], "not a frame");
        File.WriteAllText(_folder["b/.frame_13.png"], "hidden");
        var source = Open();
        Assert.Equal(["a/deep", "b"], source.Training.Select(v => v.Name));
        Assert.Equal([Enumerable.Range(0, 10).Select(i => 2 * i), Enumerable.Range(1, 12)], source.Training.Select(Codes));
        Assert.Empty(_warnings);
        File.Delete(_folder["b/frame_5.png"]);
        Assert.Equal([1, 2, 3, 4, 6, 7, 8, 9, 10, 11, 12], Codes(Open().Training[1]));
        Assert.Contains("frame_6.png", Assert.Single(_warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void Frames_may_lie_in_the_folder_itself_and_be_jpeg()
    {
        for (int i = 1; i <= 7; i++)
        {
            int red = 30 * i;
            FrameFiles.Write(_folder[$"{i}.jpg"], 16, 16, (_, _) => new((byte)red, 120, 40));
        }
        var film = Open().Training.Single();
        for (int f = 0; f < 7; f++)
        {
            var pixel = new float[3];
            film.Read(f, [8], [8], pixel);
            Assert.Equal(30 * (f + 1) / 255f, pixel[0], 0.03f);
            Assert.Equal(120 / 255f, pixel[1], 0.03f);
            Assert.Equal(40 / 255f, pixel[2], 0.03f);
        }
    }

    [Fact]
    public void Films_are_held_out_whole_and_by_the_seed()
    {
        for (int i = 0; i < 10; i++) FrameFiles.WriteSeptuplet(_folder.Path, $"00001/{i:0000}", 20 * i);
        var a = Open(s_options with { HeldOut = 0.3 });
        Assert.Equal((7, 3), (a.Training.Count, a.Validation.Count));
        Assert.Empty(a.Training.Select(v => v.Name).Intersect(a.Validation.Select(v => v.Name)));
        Assert.Equal(a.Validation.Select(v => v.Name), Open(s_options with { HeldOut = 0.3 }).Validation.Select(v => v.Name));
        Assert.Contains(Enumerable.Range(2, 5), seed => !Open(s_options with { HeldOut = 0.3, Seed = seed }).Validation.Select(v => v.Name).SequenceEqual(a.Validation.Select(v => v.Name)));
    }

    [Fact]
    public void A_single_film_gives_its_last_part()
    {
        FrameFiles.WriteCoded(_folder.Path, Enumerable.Range(0, 20).Select(i => ($"{i}.png", i)));
        var source = Open(s_options with { HeldOut = 0.05 });
        Assert.Equal(Enumerable.Range(0, 13), Codes(source.Training.Single()));
        Assert.Equal(Enumerable.Range(13, 7), Codes(source.Validation.Single()));
    }

    [Fact]
    public void Bad_frames_are_named_before_training()
    {
        Refused("holds no PNG or JPEG frames");
        FrameFiles.WriteCoded(_folder["a"], Enumerable.Range(0, 6).Select(i => ($"{i}.png", i)));
        Refused(_folder["a"], "6 frame(s)", "takes 7");
        FrameFiles.WriteCoded(_folder["a"], [("6.png", 6)]);
        Refused(s_options with { PatchSize = 24 }, _folder["a"], "20x16", "patch of 24", "to 16");
        Refused(s_options with { Outputs = 2 }, "takes 10", "fewer outputs");

        string frame = _folder["a/3.png"];
        byte[] good = File.ReadAllBytes(frame);
        FrameFiles.Write(frame, 20, 18, (x, y) => FrameFiles.Coded(3, x, y));
        Refused(frame, "20x18", "20x16", "one size");
        File.WriteAllText(frame, "not an image");
        Refused(frame, "cannot be decoded");
        File.WriteAllBytes(frame, []);
        Refused(frame, "cannot be decoded");
        File.WriteAllBytes(frame, good[..(good.Length * 2 / 3)]);
        Refused(frame, "cannot be decoded");
        byte[] large = [.. good];
        (large[16], large[20]) = (1, 1); // 16 million pixels each way; the header's checksum is then wrong too
        File.WriteAllBytes(frame, large);
        Refused(frame);
        File.WriteAllBytes(frame, [.. good, .. "trailing"u8]);
        Assert.Single(Open().Training);
        FrameFiles.WriteCoded(_folder["a"], [("03.png", 3)]);
        Refused("3.png", "03.png", "same frame");
    }

    [Fact]
    public void A_septuplet_that_lacks_a_frame_is_named()
    {
        FrameFiles.WriteSeptuplet(_folder.Path, "00001/0001", 10, frames: 3);
        Refused(Path.Combine("00001/0001", "im4.png"), "missing");
    }

    [Fact]
    public void Damage_inside_a_frame_is_named_when_it_is_read()
    {
        FrameFiles.WriteCoded(_folder["a"], Enumerable.Range(0, 7).Select(i => ($"{i}.png", i)));
        var film = Open().Training.Single();
        byte[] bytes = File.ReadAllBytes(_folder["a/2.png"]);
        bytes.AsSpan(45, bytes.Length - 65).Fill(0x55);
        File.WriteAllBytes(_folder["a/2.png"], bytes);
        Assert.Contains("2.png", Assert.Throws<DatasetException>(() => film.Read(2, [0], [0], new float[3])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_cache_keeps_to_its_limit_and_serves_what_it_holds()
    {
        FrameFiles.WriteCoded(_folder.Path, Enumerable.Range(0, 7).Select(i => ($"{i}.png", i)), 100, 100);
        var cache = new FrameCache(70_000); // two frames of 30 000 bytes
        for (int round = 0; round < 2; round++)
            for (int i = 0; i < 7; i++)
            {
                Assert.Equal(i, cache.Get(_folder[$"{i}.png"])[0]);
                Assert.InRange(cache.Held, 30_000, 70_000);
            }
        File.Delete(_folder["5.png"]);
        File.Delete(_folder["6.png"]);
        Assert.Equal(5, cache.Get(_folder["5.png"])[0]);
        Assert.Equal(6, cache.Get(_folder["6.png"])[0]);
        Assert.Equal(4, cache.Get(_folder["4.png"])[0]);
        Assert.Throws<DatasetException>(() => cache.Get(_folder["5.png"]));
    }
}
