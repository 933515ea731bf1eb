using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using REHRSeg.Imaging;

namespace REHRSeg.Samples.Tests.Server;

/// <summary>Requests to the server and what they give.</summary>
static class Upload
{
    public static byte[] Bytes(MLVolume volume, string name = "a.nii.gz", VolumeDataType type = VolumeDataType.Float32)
    {
        var stream = new MemoryStream();
        VolumeFile.Write(volume, stream, name, type);
        return stream.ToArray();
    }

    public static HttpContent Raw(byte[] bytes) => new ByteArrayContent(bytes) { Headers = { ContentType = new("application/octet-stream") } };

    public static MultipartFormDataContent Form(params byte[][] files)
    {
        var form = new MultipartFormDataContent();
        foreach (byte[] file in files) form.Add(Raw(file), "image", "image.nii.gz");
        form.Add(new StringContent("ignored"), "comment");
        return form;
    }

    public static async Task<MLVolume> LabelsAsync(this HttpResponseMessage response)
    {
        Assert.True(response.IsSuccessStatusCode, $"{response.StatusCode}: {await response.Content.ReadAsStringAsync()}");
        Assert.Equal("application/gzip", response.Content.Headers.ContentType!.MediaType);
        return VolumeFile.Read(new MemoryStream(await response.Content.ReadAsByteArrayAsync()), response.Content.Headers.ContentDisposition!.FileName!);
    }

    /// <summary>The text of an answer that is a problem (RFC 9457).</summary>
    public static async Task<string> ProblemAsync(this HttpResponseMessage response, int status)
    {
        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType!.MediaType);
        var problem = await response.Content.ReadFromJsonAsync<JsonElement>();
        Assert.Equal(status, problem.GetProperty("status").GetInt32());
        return problem.GetProperty("detail").GetString()!;
    }
}
