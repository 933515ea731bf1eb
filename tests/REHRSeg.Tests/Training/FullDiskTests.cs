using System.Text.Json;
using REHRSeg.Imaging;
using static TorchSharp.torch;

namespace REHRSeg.Tests;

/// <summary>Nothing is lost, and nothing half-written stays, when the disk takes no more.</summary>
public class FullDiskTests
{
    [Fact]
    public void A_checkpoint_that_breaks_off_leaves_the_one_before_it()
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        new ScriptedTask().Run(new() { Device = CPU, Directory = folder.Path });
        string path = Checkpoint.PathOf(folder.Path, "scripted"), previous = Path.ChangeExtension(path, ".previous.safetensors");
        var before = Files(folder.Path);
        foreach (int space in (int[])[0, 10, 700])
        {
            var e = Assert.Throws<IOException>(() => AtomicFile.Write(path, file => SafeTensors.Write(new FullDisk(file, space), new Dictionary<string, Tensor> { ["t"] = zeros(1000) }), previous));
            Assert.Contains(path, e.Message);
            Assert.Contains("free space", e.Message);
            Assert.Equal(before, Files(folder.Path));
        }

        static Dictionary<string, string> Files(string path) => Directory.GetFiles(path, "*", SearchOption.AllDirectories).ToDictionary(f => f, f => Convert.ToHexString(File.ReadAllBytes(f)));
    }

    /// <summary>The folder takes no checkpoint from iteration 8 to 14: training goes on, says so each time, and the next one is written.</summary>
    [Fact]
    public void Training_goes_on_and_tries_again()
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        string checkpoints = folder["checkpoints"], aside = folder["aside"];
        var warnings = new List<string>();
        var straight = new ScriptedTask { KeepBest = true };
        straight.Run(new() { Device = CPU });
        var task = new ScriptedTask
        {
            KeepBest = true,
            OnLoss = i =>
            {
                if (i == 8)
                {
                    Directory.Move(checkpoints, aside);
                    File.WriteAllText(checkpoints, "");
                }
                if (i == 13)
                {
                    using var kept = SafeTensors.Read(Path.Combine(aside, "scripted.safetensors"));
                    Assert.Equal("6", kept.Metadata["iteration"]);
                }
                if (i == 14)
                {
                    File.Delete(checkpoints);
                    Directory.Move(aside, checkpoints);
                }
            },
        };
        task.Run(new() { Device = CPU, Directory = folder.Path, Warn = warnings.Add }, checkpointInterval: 3);
        Assert.Equal(straight.Weights, task.Weights);
        Assert.Equal(3, warnings.Count);
        Assert.Contains("scripted: the checkpoint of iteration 9 was not written (1 in a row)", warnings[0]);
        Assert.Contains(checkpoints, warnings[0]);
        Assert.Contains("The one of iteration 6 is intact", warnings[0]);
        Assert.Contains("the best weights, of iteration 12", warnings[1]);
        Assert.Contains("iteration 12 was not written (2 in a row)", warnings[2]);
        var resumed = new ScriptedTask { KeepBest = true };
        resumed.Run(new() { Device = CPU, Directory = folder.Path, Resume = true });
        Assert.Equal(straight.Weights, resumed.Weights);
    }

    [Fact]
    public void The_end_of_a_stage_and_a_stop_are_what_they_are_without_their_checkpoint()
    {
        using var scope = NewDisposeScope();
        foreach (bool stops in (bool[])[false, true])
        {
            using var folder = new TemporaryFolder();
            using var stop = new CancellationTokenSource();
            var warnings = new List<string>();
            var task = new ScriptedTask
            {
                ValidationInterval = 0,
                OnLoss = i =>
                {
                    if (i == 15) File.WriteAllText(folder["checkpoints"], "");
                    if (i == 18 && stops) stop.Cancel();
                },
            };
            var context = new TrainingContext { Device = CPU, Directory = folder.Path, Warn = warnings.Add, CancellationToken = stop.Token };
            if (stops) Assert.ThrowsAny<OperationCanceledException>(() => task.Run(context, 100));
            else task.Run(context, 100);
            Assert.Contains("There is none before it", Assert.Single(warnings));
        }
    }

    [Fact]
    public void A_first_checkpoint_that_cannot_be_written_ends_the_stage()
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["checkpoints"], "");
        var warnings = new List<string>();
        var task = new ScriptedTask { ValidationInterval = 0, OnLoss = i => Assert.True(i < 6) };
        var e = Assert.Throws<IOException>(() => task.Run(new() { Device = CPU, Directory = folder.Path, Warn = warnings.Add }, checkpointInterval: 6));
        Assert.Contains(folder["checkpoints"], e.Message);
        Assert.Empty(warnings);
    }

    [Fact]
    public void A_folder_that_takes_nothing_is_refused_when_a_stage_begins()
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["run"], "");
        var task = new ScriptedTask { OnLoss = _ => Assert.Fail("trained") };
        Assert.Contains(folder["run"], Assert.Throws<IOException>(() => task.Run(new() { Device = CPU, Directory = folder["run"] })).Message);
    }

    [Fact]
    public void Records_are_whole_or_not_there()
    {
        using var memory = new MemoryStream();
        var disk = new FullDisk(memory, 25);
        WholeRecord.Append(disk, "first line\n"u8);
        Assert.Throws<IOException>(() => WholeRecord.Append(disk, "a line that is too long\n"u8));
        Assert.Equal("first line\n"u8, memory.ToArray());
        disk.Space = 100;
        WholeRecord.Append(disk, "second line\n"u8);
        Assert.Equal("first line\nsecond line\n"u8, memory.ToArray());
    }

    [Fact]
    public void An_event_file_keeps_its_whole_records()
    {
        using var memory = new MemoryStream();
        var disk = new FullDisk(memory, 200);
        using var events = new EventFileWriter(disk);
        events.Write(1, [new("a", 1)]);
        byte[] before = memory.ToArray();
        Assert.Throws<IOException>(() => events.Write(2, Enumerable.Range(0, 40).Select(i => KeyValuePair.Create($"tag{i}", 1.0))));
        Assert.Equal(before, memory.ToArray());
        disk.Space = 1000;
        events.Write(3, [new("a", 2)]);
        Assert.Equal(before, memory.ToArray()[..before.Length]);
        Assert.Throws<IOException>(() => new EventFileWriter(new FullDisk(new MemoryStream(), 5)));
    }

    /// <summary>/dev/full is a disk without space: training tells of it once and goes on, and progress is reported as ever.</summary>
    [Fact]
    public void A_journal_without_space_is_warned_of_once()
    {
        if (!File.Exists("/dev/full")) return;
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        var warnings = new List<string>();
        string journal = folder[TrainingJournal.FileName], full = "{\"stage\":\"scripted\",\"iteration\":4";
        var task = new ScriptedTask
        {
            OnLoss = i =>
            {
                if (i == 5)
                {
                    File.Move(journal, journal + ".kept");
                    File.CreateSymbolicLink(journal, "/dev/full");
                }
                if (i == 13)
                {
                    File.Delete(journal);
                    File.Move(journal + ".kept", journal);
                }
            },
        };
        task.Run(new() { Device = CPU, Directory = folder.Path, Warn = warnings.Add });
        Assert.Contains("iteration 8", Assert.Single(warnings));
        var lines = File.ReadAllLines(journal);
        Assert.StartsWith(full, lines[0]);
        Assert.Equal([4, 16, 20], lines.Select(l => JsonDocument.Parse(l).RootElement.GetProperty("iteration").GetInt32()));
    }

    [Fact]
    public void What_a_killed_process_was_writing_is_removed()
    {
        using var scope = NewDisposeScope();
        using var folder = new TemporaryFolder();
        string unfinished = folder["checkpoints/.scripted.safetensors.1234abcd.tmp"], other = folder["checkpoints/.scripted-2.safetensors.1234abcd.tmp"];
        Directory.CreateDirectory(folder["checkpoints"]);
        File.WriteAllText(unfinished, "half");
        File.WriteAllText(other, "half");
        new ScriptedTask().Run(new() { Device = CPU, Directory = folder.Path });
        Assert.False(File.Exists(unfinished));
        Assert.True(File.Exists(other));
    }
}

/// <summary>A stream on a disk that takes <see cref="Space"/> more bytes; the write that goes beyond leaves a part, as real ones do.</summary>
sealed class FullDisk(Stream inner, int space) : Stream
{
    public int Space { get; set; } = space;

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        int part = Math.Min(Space, buffer.Length);
        inner.Write(buffer[..part]);
        Space -= part;
        if (part < buffer.Length) throw new IOException("No space left on device");
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));
    public override bool CanRead => false;
    public override bool CanSeek => inner.CanSeek;
    public override bool CanWrite => true;
    public override long Length => inner.Length;
    public override long Position { get => inner.Position; set => inner.Position = value; }
    public override void Flush() => inner.Flush();
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    public override long Seek(long offset, SeekOrigin origin) => inner.Seek(offset, origin);
    public override void SetLength(long value) => inner.SetLength(value);
}
