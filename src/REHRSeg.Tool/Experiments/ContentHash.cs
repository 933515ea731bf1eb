using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using REHRSeg.Imaging;

namespace REHRSeg.Tool;

/// <summary>Names things by what they depend on: SHA-256, 12 hexadecimal digits.</summary>
internal static class ContentHash
{
    /// <summary>Of anything that JSON can say.</summary>
    public static string Of(object inputs) => Short(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(inputs, ToolConsole.JsonForm)));

    /// <summary>Of the ids and files of a thick dataset's cases and, where there is one, of its thin truth. Where the files lie makes no difference.</summary>
    public static string Of(MedicalDataset thick, MedicalDataset? thin, CancellationToken cancel)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[1 << 20];
        foreach (var dataset in (MedicalDataset?[])[thick, thin])
        {
            if (dataset is null) continue;
            hash.AppendData(Encoding.UTF8.GetBytes(string.Join('\n', dataset.Labels.Select(l => $"{l.Value} {l.Name}")) + "\n\n"));
            foreach (var c in dataset.Cases)
            {
                cancel.ThrowIfCancellationRequested();
                hash.AppendData(Encoding.UTF8.GetBytes(c.Id + "\n"));
                foreach (string file in c.ImageFiles.Append(c.LabelFile).OfType<string>())
                {
                    using var stream = File.OpenRead(file);
                    for (int read; (read = stream.Read(buffer)) > 0;) hash.AppendData(buffer, 0, read);
                }
            }
        }
        return Short(hash.GetHashAndReset());
    }

    static string Short(byte[] hash) => Convert.ToHexStringLower(hash)[..12];
}
