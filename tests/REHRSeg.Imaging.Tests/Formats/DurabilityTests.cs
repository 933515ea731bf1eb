using System.Diagnostics;

namespace REHRSeg.Imaging.Tests.Formats;

/// <summary>A killed process and a full disk leave the old file whole.</summary>
public sealed class DurabilityTests : IDisposable
{
    readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>Noise, so that writing takes long enough to be killed in.</summary>
    internal static MLVolume Volume(int seed)
    {
        var random = new Random(seed);
        var values = new float[64 * 64 * 40];
        for (int i = 0; i < values.Length; i++) values[i] = random.Next(-30000, 30000);
        return new(new([64, 64, 40], [1, 1, 2]), values);
    }

    [Theory]
    [InlineData("x.nii")]
    [InlineData("x.nii.gz")]
    [InlineData("x.nrrd")]
    [InlineData("x.mha")]
    [InlineData("x.mhd", "x.zraw")] // both files are whole; only a change of type or size could leave two that do not fit
    public void A_process_that_is_killed_while_it_writes_leaves_a_whole_file(string name, string? sidecar = null)
    {
        float[][] whole = [Volume(0).Voxels.ToArray(), Volume(1).Voxels.ToArray()];
        var random = new Random(7);
        bool interrupted = false;
        for (int round = 0; round < 12; round++)
        {
            using var process = Start("write-forever", _folder[name]);
            Assert.Equal("written", process.StandardOutput.ReadLine());
            Thread.Sleep(random.Next(60));
            process.Kill(); // SIGKILL
            process.WaitForExit();
            var voxels = VolumeFile.Read(_folder[name]).Voxels.ToArray();
            Assert.Contains(whole, voxels.SequenceEqual);
            string[] left = [.. Directory.GetFiles(_folder.Path).Where(f => Path.GetFileName(f) != name && Path.GetFileName(f) != sidecar)];
            interrupted |= left.Length > 0;
            Assert.All(left, file => Assert.StartsWith(".x.", Path.GetFileName(file))); // hidden, and no format reads .tmp
            Assert.All(left, file => Assert.Null(VolumeFile.EndingOf(file)));
            foreach (string file in left) File.Delete(file);
        }
        Assert.True(interrupted, "No kill came while a file was being written: the test showed nothing.");
    }

    [Fact]
    public void A_disk_that_fills_is_told_and_leaves_the_old_file()
    {
        foreach (string name in (string[])["x.nii", "x.nii.gz", "x.nrrd", "x.mha", "x.mhd", "x.hdr"])
        {
            VolumeFile.Write(Volume(0), _folder[name], VolumeDataType.Int16);
            var before = Directory.GetFiles(_folder.Path).Order().ToDictionary(f => f, File.ReadAllBytes);

            if (OperatingSystem.IsWindows()) continue; // no file size limit there
            using var process = Start("write", _folder[name], limitKilobytes: 100);
            string output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();

            Assert.Equal(1, process.ExitCode);
            Assert.StartsWith($"{_folder[name]} cannot be written: ", output);
            Assert.Contains("free space", output);
            Assert.Equal(before.Keys, Directory.GetFiles(_folder.Path).Order());
            foreach (var (file, bytes) in before) Assert.Equal(bytes, File.ReadAllBytes(file));
        }
    }

    [Theory]
    [InlineData("x.nii")]
    [InlineData("x.nii.gz")]
    [InlineData("x.nrrd")]
    [InlineData("x.mha")]
    public void A_stream_that_fails_is_told(string name)
    {
        foreach (int space in (int[])[0, 200, 1000, 100_000])
        {
            var e = Assert.Throws<IOException>(() => VolumeFile.Write(Volume(0), new Full(space), name, VolumeDataType.Int16));
            Assert.StartsWith($"{name} cannot be written: No space", e.Message);
        }
    }

    [Theory]
    [InlineData("x.nii.gz")]
    [InlineData("x.nrrd")]
    [InlineData("x.mha")]
    public void A_volume_that_could_not_be_ended_cannot_be_ended_again(string name)
    {
        var full = new Full(200_000);
        using var writer = VolumeFile.OpenWrite(full, name, Volume(0).Geometry, dataType: VolumeDataType.Int16);
        try
        {
            writer.WriteSlices(Volume(0).Memory);
            Assert.Throws<IOException>(writer.Complete);
        }
        catch (IOException)
        {
        }
        full.Space = long.MaxValue;
        Assert.Contains("begin again", Assert.Throws<InvalidOperationException>(writer.Complete).Message);
    }

    [Fact]
    public void A_writer_that_is_not_completed_leaves_the_old_file_and_no_other()
    {
        foreach (string name in (string[])["x.nii", "x.nii.gz", "x.nrrd", "x.nhdr", "x.mha", "x.mhd", "x.hdr"])
        {
            using var folder = new TempFolder();
            VolumeFile.Write(Volume(0), folder[name], VolumeDataType.Int16);
            var before = Directory.GetFiles(folder.Path).Order().ToDictionary(f => f, File.ReadAllBytes);
            using (var writer = VolumeFile.OpenWrite(folder[name], Volume(0).Geometry)) writer.WriteSlices(new float[64 * 64 * 3]);
            using (var writer = VolumeFile.OpenWrite(folder[name], Volume(0).Geometry, dataType: VolumeDataType.UInt8)) 
            {
                Assert.Throws<VolumeFormatException>(() => writer.WriteSlices(Volume(0).Memory));
                Assert.Contains("begin again", Assert.Throws<InvalidOperationException>(() => writer.WriteSlices(new float[64 * 64 * 40])).Message);
                Assert.Throws<InvalidOperationException>(writer.Complete);
            }
            Assert.Equal(before.Keys, Directory.GetFiles(folder.Path).Order());
            foreach (var (file, bytes) in before) Assert.Equal(bytes, File.ReadAllBytes(file));
        }
    }

    static Process Start(string verb, string path, int? limitKilobytes = null)
    {
        string dll = typeof(DurabilityTests).Assembly.Location, host = Environment.ProcessPath is { } self && Path.GetFileNameWithoutExtension(self) == "dotnet" ? self : "dotnet";
        var start = new ProcessStartInfo { RedirectStandardOutput = true, UseShellExecute = false };
        string[] command = ["exec", dll, verb, path];
        if (limitKilobytes is { } limit)
        {
            // ulimit -f counts 512-byte blocks in sh; a write beyond it fails as one on a full disk does.
            start.FileName = "/bin/sh";
            start.ArgumentList.Add("-c");
            start.ArgumentList.Add($"trap '' XFSZ; ulimit -f {2 * limit}; exec \"$0\" \"$@\"");
            start.ArgumentList.Add(host);
            start.Environment["DOTNET_EnableWriteXorExecute"] = "0"; // its double mapping is a file that would be limited too
        }
        else start.FileName = host;
        foreach (string word in command) start.ArgumentList.Add(word);
        return Process.Start(start)!;
    }

    sealed class Full(long space) : MemoryStream
    {
        public long Space { get; set; } = space;

        public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));
        public override void Write(ReadOnlySpan<byte> buffer)
        {
            if (Length + buffer.Length > Space) throw new IOException("No space left on device");
            base.Write(buffer.ToArray(), 0, buffer.Length);
        }
    }
}
