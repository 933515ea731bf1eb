namespace REHRSeg.Imaging.Tests.Formats;

/// <summary>Streams and slabs, through the built-in formats and through one that only knows whole files.</summary>
public sealed class VolumeStreamTests : IDisposable
{
    static readonly VolumeGeometry s_geometry = new([4, 3, 5], [0.5, 0.75, 4], [-12.5, 30, 7.25], [0, 0, 1, 1, 0, 0, 0, 1, 0]);
    readonly TempFolder _folder = new();

    public VolumeStreamTests() => VolumeFile.Register(new WholeOnly());

    public void Dispose() => _folder.Dispose();

    public static TheoryData<string> Single => ["x.nii", "x.nii.gz", "x.nrrd", "x.mha", "x.whole"];
    public static TheoryData<string> All => ["x.nii", "x.nii.gz", "x.nrrd", "x.mha", "x.whole", "x.hdr", "x.hdr.gz", "x.nhdr", "x.mhd"];

    static MLVolume Volume(int channels = 2) => new(s_geometry, Enumerable.Range(0, 60 * channels).Select(i => i * 1.5f - 7).ToArray(), channels);

    [Theory]
    [MemberData(nameof(Single))]
    public async Task A_stream_is_written_and_read(string name)
    {
        using var seekable = new MemoryStream();
        seekable.Write([1, 2, 3]); // a volume may begin anywhere
        VolumeFile.Write(Volume(), seekable, name);
        using var forward = new MemoryStream();
        await VolumeFile.WriteAsync(Volume(), new ForwardOnly(forward), name);
        Assert.True(seekable.CanWrite);
        foreach (var (stream, start) in ((MemoryStream, int)[])[(seekable, 3), (forward, 0)])
        {
            stream.Position = start;
            AssertSame(Volume(), VolumeFile.Read(stream, name));
            stream.Position = start;
            AssertSame(Volume(), await VolumeFile.ReadAsync(new ForwardOnly(stream, 5), name));
            stream.Position = start;
            Assert.Equal(VolumeFile.ReadGeometry(stream, name), await VolumeFile.ReadGeometryAsync(new ForwardOnly(new MemoryStream(stream.ToArray()[start..])), name));
        }
        File.WriteAllBytes(_folder[name], forward.ToArray());
        AssertSame(Volume(), VolumeFile.Read(_folder[name]));
    }

    [Theory]
    [MemberData(nameof(Single))]
    public void Content_tells_the_format_of_a_stream_before_its_name_does(string name)
    {
        if (name == "x.whole") return;
        using var stream = new MemoryStream();
        VolumeFile.Write(Volume(1), stream, name);
        foreach (string other in (string[])["upload", "x.nrrd", "x.nii", "x.mha", "x.whole"])
        {
            stream.Position = 0;
            AssertSame(Volume(1), VolumeFile.Read(stream, other));
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task Slabs_are_written_and_read(string name)
    {
        using (var writer = VolumeFile.OpenWrite(_folder[name], s_geometry, 2))
        {
            Assert.Equal(10, writer.SliceCount);
            Assert.Throws<ArgumentException>(() => writer.WriteSlices(new float[13]));
            Assert.Throws<ArgumentException>(() => writer.WriteSlices(new float[12 * 11]));
            writer.WriteSlices(Volume().Memory[..36]);
            await writer.WriteSlicesAsync(Volume().Memory[36..96]);
            Assert.Throws<InvalidOperationException>(writer.Complete);
            Assert.False(File.Exists(_folder[name]));
            writer.WriteSlices(Volume().Memory[96..]);
            await writer.CompleteAsync();
            Assert.Equal(10, writer.SlicesWritten);
        }
        AssertSame(Volume(), VolumeFile.Read(_folder[name]));
        using var reader = VolumeFile.OpenRead(_folder[name]);
        Assert.Throws<ArgumentException>(() => reader.ReadSlices(new float[11]));
        Assert.Equal(Volume().Voxels, Slabs.Read(reader, 3));
        Assert.Equal(0, reader.ReadSlices(new float[12]));
        await using var again = await VolumeFile.OpenReadAsync(_folder[name]);
        Assert.Equal(Volume().Voxels.ToArray(), await Slabs.ReadAsync(again, 4));
        await VolumeFile.WriteAsync(Volume(1), _folder[name]);
        AssertSame(Volume(1), await VolumeFile.ReadAsync(_folder[name]));
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task Conversion_keeps_voxels_geometry_and_type(string name)
    {
        VolumeFile.Write(Volume().WithVoxels(Volume().Voxels.ToArray().Select(v => MathF.Round(v)).ToArray(), 2), _folder[name], VolumeDataType.Int16);
        foreach (string target in (string[])["a.nii", "b.nii.gz", "c.nrrd", "d.mha", "e.mhd"])
        {
            VolumeFile.Convert(_folder[name], _folder[target]);
            AssertSame(VolumeFile.Read(_folder[name]), VolumeFile.Read(_folder[target]));
            if (name != "x.whole")
                using (var reader = VolumeFile.OpenRead(_folder[target])) Assert.Equal(VolumeDataType.Int16, reader.DataType);
            await VolumeFile.ConvertAsync(_folder[target], _folder["again.nrrd"], VolumeDataType.Float64);
            AssertSame(VolumeFile.Read(_folder[name]), VolumeFile.Read(_folder["again.nrrd"]));
        }
    }

    [Fact]
    public void A_conversion_needs_memory_for_slabs_alone()
    {
        var geometry = new VolumeGeometry([256, 256, 256], [1, 1, 1]);
        using (var writer = VolumeFile.OpenWrite(_folder["x.nii.gz"], geometry, dataType: VolumeDataType.UInt8))
        {
            var slab = new float[256 * 256 * 16];
            for (int i = 0; i < 16; i++)
            {
                slab.AsSpan().Fill(i);
                writer.WriteSlices(slab);
            }
            writer.Complete();
        }
        long before = GC.GetAllocatedBytesForCurrentThread();
        VolumeFile.Convert(_folder["x.nii.gz"], _folder["y.nrrd"]);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 10 << 20); // the volume has 67 MB as floats
        Assert.Equal(geometry, VolumeFile.ReadGeometry(_folder["y.nrrd"]));
        using var reader = VolumeFile.OpenRead(_folder["y.nrrd"]);
        var slice = new float[256 * 256];
        for (int z = 0; z < 256; z++)
        {
            Assert.Equal(1, reader.ReadSlices(slice));
            Assert.Equal((z / 16, z / 16), (slice[0], slice[^1]));
        }
    }

    [Fact]
    public void Interleaved_channels_in_slabs_need_a_stream_that_can_be_read_again()
    {
        byte[] bytes = [.. "NRRD0004\ntype: uint8\nencoding: raw\ndimension: 4\nsizes: 2 1 1 3\nkinds: vector domain domain domain\n\n"u8, 1, 11, 2, 12, 3, 13];
        using (var reader = VolumeFile.OpenRead(new MemoryStream(bytes), "x.nrrd")) Assert.Equal([1, 2, 3, 11, 12, 13], Slabs.Read(reader, 2));
        using var forward = VolumeFile.OpenRead(new ForwardOnly(new MemoryStream(bytes)), "x.nrrd");
        Assert.Contains("cannot be read again", Assert.Throws<NotSupportedException>(() => Slabs.Read(forward, 2)).Message);
        Assert.Equal([1, 2, 3, 11, 12, 13], VolumeFile.Read(new ForwardOnly(new MemoryStream(bytes)), "x.nrrd").Voxels.ToArray());
    }

    [Fact]
    public void Many_interleaved_channels_are_read_once()
    {
        const int channels = 2000;
        byte[] header = [.. System.Text.Encoding.ASCII.GetBytes($"NRRD0004\ntype: uint8\nencoding: raw\ndimension: 4\nsizes: {channels} 1 1 2\nkinds: vector domain domain domain\n\n")];
        byte[] voxels = [.. Enumerable.Range(0, 2 * channels).Select(i => (byte)(i * 7))];
        using var reader = VolumeFile.OpenRead(new ForwardOnly(new MemoryStream([.. header, .. voxels])), "x.nrrd"); // which cannot be read twice
        float[] expected = [.. Enumerable.Range(0, channels).SelectMany(c => new[] { (float)voxels[c], voxels[channels + c] })];
        Assert.Equal(expected, Slabs.Read(reader, 3));
    }

    [Fact]
    public void A_reader_that_failed_among_its_voxels_cannot_go_on()
    {
        VolumeFile.Write(Volume(), _folder["x.nii"]);
        using var reader = VolumeFile.OpenRead(new ForwardOnly(new MemoryStream(File.ReadAllBytes(_folder["x.nii"])[..400])), "x.nii");
        var slab = new float[reader.Geometry.Width * reader.Geometry.Height];
        Assert.Throws<VolumeFormatException>(() => Slabs.Read(reader, 5));
        Assert.Contains("open the file again", Assert.Throws<InvalidOperationException>(() => reader.ReadSlices(slab)).Message);
    }

    [Fact]
    public async Task An_added_formats_geometry_is_read_without_its_voxels()
    {
        VolumeFile.Register(new GeometryOnly());
        File.WriteAllText(_folder["x.geometryonly"], "");
        Assert.Equal(7, (await VolumeFile.ReadGeometryAsync(_folder["x.geometryonly"])).Depth);
    }

    sealed class GeometryOnly : IVolumeFormat
    {
        public IReadOnlyList<string> Endings => [".geometryonly"];
        public MLVolume Read(string path, VolumeReadLimits limits) => throw new InvalidOperationException("The voxels were read.");
        public VolumeGeometry ReadGeometry(string path, VolumeReadLimits limits) => new([2, 3, 7], [1, 1, 1]);
        public void Write(MLVolume volume, string path, VolumeDataType dataType) => throw new NotSupportedException();
    }

    [Fact]
    public void A_compressed_header_means_the_compressed_voxels_beside_it()
    {
        VolumeFile.Write(Volume(), _folder["x.hdr"]);
        var other = new MLVolume(Volume().Geometry, Volume().Voxels.ToArray().Select(v => v + 1).ToArray(), 2);
        VolumeFile.Write(other, _folder["x.hdr.gz"]);
        Assert.Equal(Volume().Voxels.ToArray(), VolumeFile.Read(_folder["x.hdr"]).Voxels.ToArray());
        Assert.Equal(other.Voxels.ToArray(), VolumeFile.Read(_folder["x.hdr.gz"]).Voxels.ToArray());
    }

    [Theory]
    [InlineData("scan 12:30.hdr")]
    [InlineData("50% dose.hdr")]
    public void Pairs_of_unusual_names_come_back(string name)
    {
        VolumeFile.Write(Volume(), _folder[name]);
        Assert.Equal(Volume().Voxels.ToArray(), VolumeFile.Read(_folder[name]).Voxels.ToArray());
    }

    [Fact]
    public void A_name_that_a_header_could_not_tell_is_refused_when_writing() =>
        Assert.Contains("choose another name", Assert.Throws<VolumeFormatException>(() => VolumeFile.Write(Volume(), _folder["scan 12:30.mhd"])).Message);

    [Fact]
    public void More_slices_than_can_be_counted_are_refused() =>
        Assert.Contains("65536 channels", Assert.Throws<ArgumentOutOfRangeException>(() => VolumeFile.OpenWrite(_folder["x.nii"], new VolumeGeometry([1, 1, 65536], [1, 1, 1]), 65536)).Message);

    [Theory]
    [InlineData("x.hdr", "magic")]
    [InlineData("x.nhdr", "data file")]
    [InlineData("x.mhd", "ElementDataFile")]
    public void Formats_of_two_files_have_no_stream(string name, string field)
    {
        Assert.Contains("two files", Assert.Throws<VolumeFormatException>(() => VolumeFile.Write(Volume(), new MemoryStream(), name)).Message);
        VolumeFile.Write(Volume(), _folder[name]);
        using var stream = File.OpenRead(_folder[name]);
        var e = Assert.Throws<VolumeFormatException>(() => VolumeFile.Read(stream, name));
        Assert.Contains(field, e.Message);
        Assert.Contains("in another file, which a stream does not have", e.Message);
    }

    [Theory]
    [InlineData("with space.mhd", true)]
    [InlineData("100%.nhdr", true)]
    [InlineData("ünïcode.mhd", true)]
    [InlineData("a%d b.mhd", false)]
    [InlineData("LIST .nhdr", false)]
    [InlineData(" x.mhd", false)]
    [InlineData("a\nb.nhdr", false)]
    public void A_header_names_its_voxels_or_is_not_written(string name, bool good)
    {
        if (good)
        {
            VolumeFile.Write(Volume(), _folder[name]);
            AssertSame(Volume(), VolumeFile.Read(_folder[name]));
            return;
        }
        Assert.Contains("file name", Assert.Throws<VolumeFormatException>(() => VolumeFile.Write(Volume(), _folder[name])).Message);
        Assert.Empty(Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public void What_no_format_knows_is_refused_by_name_or_by_content()
    {
        Assert.Contains("file content is 0x4D5A", Assert.Throws<VolumeFormatException>(() => VolumeFile.Read(new MemoryStream([0x4D, 0x5A, 1, 2]), "upload")).Message);
        Assert.Contains("0 bytes", Assert.Throws<VolumeFormatException>(() => VolumeFile.Read(new MemoryStream(), "upload")).Message);
        Assert.Contains("0 bytes", Assert.Throws<VolumeFormatException>(() => VolumeFile.Read(new ForwardOnly(new MemoryStream()), "x.nii")).Message);
        Assert.Contains("the ending", Assert.Throws<VolumeFormatException>(() => VolumeFile.Write(Volume(), new MemoryStream(), "upload")).Message);
    }

    [Fact]
    public async Task Cancellation_stops_reading_and_leaves_the_old_file_when_writing()
    {
        VolumeFile.Write(Volume(), _folder["x.nii"]);
        using var cancel = new CancellationTokenSource();
        cancel.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => VolumeFile.ReadAsync(_folder["x.nii"], cancellationToken: cancel.Token));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => VolumeFile.WriteAsync(Volume(1), _folder["x.nii"], cancellationToken: cancel.Token));
        AssertSame(Volume(), VolumeFile.Read(_folder["x.nii"]));
        Assert.Single(Directory.GetFiles(_folder.Path));
    }

    [Theory]
    [MemberData(nameof(Single))]
    public async Task Asynchronous_members_never_block_on_the_stream(string name)
    {
        using var written = new MemoryStream();
        await using (var response = new AsyncOnly(written)) await VolumeFile.WriteAsync(Volume(), response, name); // as ASP.NET Core's bodies are
        await using var request = new AsyncOnly(new MemoryStream(written.ToArray()));
        AssertSame(Volume(), await VolumeFile.ReadAsync(request, name));
        await using var again = new AsyncOnly(new MemoryStream(written.ToArray()));
        await VolumeFile.ReadGeometryAsync(again, name);
    }

    [Fact]
    public void A_MetaImage_tells_ITK_its_compressed_size_or_is_not_compressed()
    {
        // ITK reads zeros where CompressedData is True and CompressedDataSize missing in one file (tried with @itk-wasm/image-io 1.6.1).
        using var seekable = new MemoryStream();
        VolumeFile.Write(Volume(), seekable, "x.mha");
        string header = System.Text.Encoding.Latin1.GetString(seekable.ToArray());
        int voxels = header.IndexOf("LOCAL\n", StringComparison.Ordinal) + 6;
        Assert.Contains($"CompressedData = True\nCompressedDataSize = {seekable.Length - voxels:D19}\n", header);
        using var forward = new MemoryStream();
        VolumeFile.Write(Volume(), new ForwardOnly(forward), "x.mha");
        Assert.Contains("CompressedData = False\nTransformMatrix", System.Text.Encoding.Latin1.GetString(forward.ToArray()));
    }

    [Theory]
    [MemberData(nameof(Single))]
    public void An_error_of_the_stream_itself_is_not_one_of_the_format(string name)
    {
        using var stream = new MemoryStream();
        VolumeFile.Write(Volume(), stream, name);
        for (int good = 0; good < stream.Length; good += 13)
            Assert.Equal("The network is gone.", Assert.Throws<IOException>(() => VolumeFile.Read(new Broken(stream.ToArray()[..good]), name)).Message);
    }

    sealed class Broken(byte[] good) : MemoryStream(good)
    {
        public override bool CanSeek => false;
        public override int Read(byte[] buffer, int offset, int count) => base.Read(buffer, offset, count) is > 0 and var read ? read : throw new IOException("The network is gone.");
        public override int Read(Span<byte> buffer)
        {
            var bytes = new byte[buffer.Length];
            int read = Read(bytes, 0, bytes.Length);
            bytes.AsSpan(0, read).CopyTo(buffer);
            return read;
        }
    }

    [Fact]
    public void Labels_are_written_to_streams_in_the_smallest_type()
    {
        var labels = new MLVolume(s_geometry, Enumerable.Range(0, 60).Select(i => (float)(i % 4)).ToArray());
        using var stream = new MemoryStream();
        VolumeFile.WriteLabels(labels, stream, "x.nii");
        Assert.Equal(352 + 60, stream.Length);
        Assert.Contains("x.nii", Assert.Throws<VolumeFormatException>(() => VolumeFile.WriteLabels(labels.WithVoxels(new float[60].Select(_ => 0.5f).ToArray()), stream, "x.nii")).Message);
    }

    static void AssertSame(MLVolume expected, MLVolume actual)
    {
        Assert.Null(expected.Geometry.DescribeDifference(actual.Geometry));
        Assert.Equal(expected.Channels, actual.Channels);
        Assert.Equal(expected.Voxels, actual.Voxels);
    }

    /// <summary>A format of an application: three members, the others by default.</summary>
    sealed class WholeOnly : IVolumeFormat
    {
        public IReadOnlyList<string> Endings => [".whole"];
        public MLVolume Read(string path, VolumeReadLimits limits)
        {
            var floats = System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(path)).ToArray();
            return floats.Length == 0 ? throw new VolumeFormatException($"{path}: file length is 0 bytes") : new(s_geometry, floats, floats.Length / 60);
        }
        public VolumeGeometry ReadGeometry(string path, VolumeReadLimits limits) => s_geometry;
        public void Write(MLVolume volume, string path, VolumeDataType dataType) => File.WriteAllBytes(path, System.Runtime.InteropServices.MemoryMarshal.AsBytes(volume.Voxels));
    }
}
