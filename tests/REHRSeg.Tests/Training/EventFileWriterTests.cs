using System.Buffers.Binary;
using System.Text;

namespace REHRSeg.Tests;

public class EventFileWriterTests
{
    [Fact]
    public void CrcIsThatOfTfRecords()
    {
        // CRC-32C check value of "123456789" is e3069283.
        uint crc = 0xe3069283;
        Assert.Equal(((crc >> 15) | (crc << 17)) + 0xa282ead8, EventFileWriter.MaskedCrc("123456789"u8));
    }

    [Fact]
    public void RecordsHoldTagsAndValues()
    {
        using var folder = new TemporaryFolder();
        using (var writer = new EventFileWriter(folder.Path)) writer.Write(300, [new("s/loss", 0.25)]);
        var bytes = File.ReadAllBytes(Assert.Single(Directory.GetFiles(folder.Path, "events.out.tfevents.*")));
        var records = new List<byte[]>();
        for (int at = 0; at < bytes.Length;)
        {
            int length = (int)BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(at));
            Assert.Equal(EventFileWriter.MaskedCrc(bytes.AsSpan(at, 8)), BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(at + 8)));
            var record = bytes[(at + 12)..(at + 12 + length)];
            Assert.Equal(EventFileWriter.MaskedCrc(record), BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(at + 12 + length)));
            records.Add(record);
            at += 16 + length;
        }
        Assert.Equal(2, records.Count);
        Assert.EndsWith("brain.Event:2", Encoding.UTF8.GetString(records[0]));
        byte[] value = [0x10, 0xac, 0x02, 0x2a, 15, 0x0a, 13, 0x0a, 6, .. "s/loss"u8, 0x15, 0, 0, 0x80, 0x3e];
        Assert.Equal(value, records[1][9..]);
    }
}
