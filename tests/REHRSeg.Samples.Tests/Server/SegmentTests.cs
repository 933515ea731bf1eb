using System.IO.Compression;
using System.Net.Http.Headers;
using REHRSeg.Imaging;

namespace REHRSeg.Samples.Tests.Server;

/// <summary>What goes in and out of the scoring server, over real HTTP.</summary>
public sealed class SegmentTests : IAsyncLifetime
{
    RunningServer _server = null!;

    public async Task InitializeAsync() => _server = await RunningServer.StartAsync("--Scoring:MaxUploadBytes", "100000", "--Scoring:MaxVoxels", "100000");
    public async Task DisposeAsync() => await _server.DisposeAsync();

    Task<HttpResponseMessage> PostAsync(HttpContent content, string query = "") => _server.Client.PostAsync("/segment" + query, content);

    [Theory]
    [InlineData("a.nii", "?resolution=lr", false, false)]
    [InlineData("a.nii.gz", "?resolution=lr", true, false)]
    [InlineData("a.nii", "?resolution=hr", true, true)]
    [InlineData("a.nii.gz", "?resolution=hr", false, true)]
    [InlineData("a.nii.gz", "", false, true)]
    public async Task An_upload_gives_the_labels_of_the_scorer_on_the_images_place(string name, string query, bool form, bool thin)
    {
        var image = TestData.Image(7);
        byte[] bytes = Upload.Bytes(image, name);
        using var response = await PostAsync(form ? Upload.Form(bytes) : Upload.Raw(bytes), query);
        var labels = await response.LabelsAsync();
        Assert.Equal(thin ? "hr.nii.gz" : "lr.nii.gz", response.Content.Headers.ContentDisposition!.FileName);
        var expected = TestData.Score(image);
        Assert.Equal((thin ? expected.Hr : expected.Lr)!.Voxels, labels.Voxels);
        Assert.Null((thin ? expected.Hr : expected.Lr)!.Geometry.DescribeDifference(labels.Geometry));
    }

    [Fact]
    public async Task A_body_of_any_other_content_type_is_read_as_a_file()
    {
        var content = new ByteArrayContent(Upload.Bytes(TestData.Image(1))) { Headers = { ContentType = new("application/x-www-form-urlencoded") } };   // curl --data-binary without -H
        var labels = await (await PostAsync(content)).LabelsAsync();
        Assert.Equal(TestData.Score(TestData.Image(1)).Hr!.Voxels, labels.Voxels);
    }

    public static TheoryData<string, byte[], string> Bad()
    {
        byte[] good = Upload.Bytes(TestData.Image(1));
        var twoChannels = new MLVolume(new VolumeGeometry([4, 4, 4], [1, 1, 2]), new float[128], channels: 2);
        var notFinite = new MLVolume(new VolumeGeometry([2, 2, 2], [1, 1, 2]), new[] { 1f, 2, float.NaN, 4, 5, 6, 7, 8 });
        return new()
        {
            { "nothing", [], "upload: file length is 0 bytes; the file is empty" },
            { "garbage", [.. Enumerable.Range(0, 5000).Select(i => (byte)(i * 31))], "upload: file content is 0x001F3E" },
            { "html", "<html>sorry</html>"u8.ToArray(), "upload: " },
            { "cut gzip", good[..(good.Length / 2)], "upload: " },
            { "two channels", Upload.Bytes(twoChannels), "channel" },
            { "NaN", Upload.Bytes(notFinite), "NaN" },
            { "too many voxels", Upload.Bytes(new(new VolumeGeometry([100, 100, 11], [1, 1, 2]), new float[110_000])), "more than the 100000 voxels" },
        };
    }

    [Theory]
    [MemberData(nameof(Bad))]
    public async Task A_bad_upload_is_answered_with_400_and_the_reason(string name, byte[] content, string reason)
    {
        _ = name;
        foreach (var body in (HttpContent[])[Upload.Raw(content), Upload.Form(content)])
        {
            string detail = await (await PostAsync(body)).ProblemAsync(400);
            Assert.Contains(reason, detail);
            Assert.DoesNotContain("(Parameter", detail);
        }
        Assert.True((await PostAsync(Upload.Raw(Upload.Bytes(TestData.Image(1))))).IsSuccessStatusCode);
    }

    [Fact]
    public async Task A_bad_form_or_query_is_answered_with_400_and_the_reason()
    {
        byte[] good = Upload.Bytes(TestData.Image(1));
        Assert.Contains("The form has 0 files; send one", await (await PostAsync(Upload.Form())).ProblemAsync(400));
        Assert.Contains("The form has 2 files; send one", await (await PostAsync(Upload.Form(good, good))).ProblemAsync(400));
        Assert.Contains("it must be lr or hr", await (await PostAsync(Upload.Raw(good), "?resolution=4k")).ProblemAsync(400));
        var noForm = new ByteArrayContent(good) { Headers = { ContentType = MediaTypeHeaderValue.Parse("multipart/form-data; boundary=x") } };
        await (await PostAsync(noForm)).ProblemAsync(400);
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public async Task An_upload_beyond_the_limit_is_answered_with_413(bool chunked, bool form)
    {
        byte[] large = new byte[100_001];
        using var request = new HttpRequestMessage(HttpMethod.Post, "/segment") { Content = form ? Upload.Form(large) : Upload.Raw(large) };
        request.Headers.TransferEncodingChunked = chunked;
        request.Headers.ExpectContinue = !chunked;                                                    // the answer comes before the body is sent
        Assert.Contains("too large", await (await _server.Client.SendAsync(request)).ProblemAsync(413));
    }

    /// <summary>70 kB that inflate to 64 MB: before the voxels, as voxels that the header claims, and behind them, where they are refused or never inflated.</summary>
    [Fact]
    public async Task A_gzip_bomb_costs_no_memory()
    {
        byte[] header = Upload.Bytes(TestData.Image(1), "a.nii")[..352], far = [.. header], many = [.. header];
        BitConverter.TryWriteBytes(far.AsSpan(108), 60e6f);                                           // vox_offset
        BitConverter.TryWriteBytes(many.AsSpan(42), (short)250);                                      // dim: 250 x 250 x 250
        BitConverter.TryWriteBytes(many.AsSpan(44), (short)250);
        BitConverter.TryWriteBytes(many.AsSpan(46), (short)250);
        await (await PostAsync(Upload.Raw(Upload.Bytes(TestData.Image(1))))).LabelsAsync();           // what runs once has run
        foreach (var (start, reason) in ((byte[], string?)[])[(far, "header extensions are larger"), (many, "more than the 100000 voxels"), (header, null)])
        {
            var bomb = new MemoryStream();
            using (var gzip = new GZipStream(bomb, CompressionLevel.Optimal))
            {
                gzip.Write(start);
                for (int i = 0; i < 64; i++) gzip.Write(new byte[1 << 20]);
                gzip.Write([1]);
            }
            Assert.InRange(bomb.ToArray().Length, 1, 100_000);
            var content = Upload.Raw(bomb.ToArray());
            long before = GC.GetTotalAllocatedBytes(precise: true);
            var response = await PostAsync(content);
            if (reason is not null) Assert.Contains(reason, await response.ProblemAsync(400));
            Assert.InRange(GC.GetTotalAllocatedBytes(precise: true) - before, 0, 8 << 20);
        }
    }
}
