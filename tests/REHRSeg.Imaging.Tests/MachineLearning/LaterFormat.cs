using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace REHRSeg.Imaging.Tests;

/// <summary>Turns a saved ML.NET model into one that a later program would have written.</summary>
static class LaterFormat
{
    /// <summary>Raises the version of the member with the model signature, as far as readers need to know it, by one.</summary>
    /// <remarks>In ML.NET's header the signature is followed by the version written and the oldest version of a program that can read it, 4 bytes each.</remarks>
    public static void Raise(string zipFile, string signature)
    {
        using var zip = ZipFile.Open(zipFile, ZipArchiveMode.Update);
        int raised = 0;
        foreach (var entry in zip.Entries.ToArray())
        {
            byte[] bytes = new byte[Math.Min(entry.Length, 256)];
            using var stream = entry.Open();
            stream.ReadExactly(bytes);
            int at = bytes.AsSpan().IndexOf(Encoding.ASCII.GetBytes(signature));
            if (at < 0) continue;
            foreach (int field in (int[])[at + 8, at + 12])
            {
                var version = bytes.AsSpan(field, 4);
                BinaryPrimitives.WriteUInt32LittleEndian(version, BinaryPrimitives.ReadUInt32LittleEndian(version) + 1);
            }
            stream.Position = 0;
            stream.Write(bytes);
            raised++;
        }
        Assert.Equal(1, raised);
    }
}
