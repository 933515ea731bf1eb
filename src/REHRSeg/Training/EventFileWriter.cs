using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using System.Text;

namespace REHRSeg;

/// <summary>Writes scalars that TensorBoard shows: a TFRecord file of Event messages.</summary>
internal sealed class EventFileWriter : IDisposable
{
    static int s_files;
    readonly Stream _file;

    /// <summary>Makes a new event file in <paramref name="directory"/>.</summary>
    /// <exception cref="IOException">The folder cannot be written.</exception>
    public EventFileWriter(string directory) : this(Create(directory)) { }

    /// <summary>Takes an empty file over.</summary>
    internal EventFileWriter(Stream file)
    {
        _file = file;
        try
        {
            Append(new Message().Double(1, Now).Text(3, "brain.Event:2"));
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Adds one value per tag at a step.</summary>
    /// <exception cref="IOException">There is no space; the file holds the records before this one.</exception>
    public void Write(long step, IEnumerable<KeyValuePair<string, double>> scalars)
    {
        var summary = new Message();
        foreach (var (tag, value) in scalars) summary.Nested(1, new Message().Text(1, tag).Single(2, (float)value));
        Append(new Message().Double(1, Now).Integer(2, step).Nested(5, summary));
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    /// <summary>TFRecord's masked CRC-32C.</summary>
    internal static uint MaskedCrc(ReadOnlySpan<byte> data)
    {
        uint crc = uint.MaxValue;
        foreach (byte b in data) crc = BitOperations.Crc32C(crc, b);
        return BitOperations.RotateRight(~crc, 15) + 0xa282ead8;
    }

    static double Now => DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() / 1000.0;

    static FileStream Create(string directory)
    {
        Directory.CreateDirectory(directory);
        long seconds = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        string name = string.Create(CultureInfo.InvariantCulture, $"events.out.tfevents.{seconds}.{Environment.MachineName}.{Environment.ProcessId}.{Interlocked.Increment(ref s_files)}");
        return new FileStream(Path.Combine(directory, name), FileMode.CreateNew, FileAccess.Write, FileShare.Read, bufferSize: 0);
    }

    /// <summary>A record: length, its CRC, data, its CRC.</summary>
    void Append(Message message)
    {
        var data = message.Bytes;
        byte[] record = new byte[data.Length + 16];
        BinaryPrimitives.WriteInt64LittleEndian(record, data.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(8), MaskedCrc(record.AsSpan(0, 8)));
        data.CopyTo(record.AsSpan(12));
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(12 + data.Length), MaskedCrc(data));
        WholeRecord.Append(_file, record);
    }

    /// <summary>A protobuf message under construction.</summary>
    sealed class Message
    {
        readonly MemoryStream _bytes = new();

        public ReadOnlySpan<byte> Bytes => _bytes.GetBuffer().AsSpan(0, (int)_bytes.Length);

        public Message Integer(int field, long value) => Varint((ulong)field << 3).Varint((ulong)value);

        public Message Text(int field, string value) => Block(field, Encoding.UTF8.GetBytes(value));

        public Message Nested(int field, Message message) => Block(field, message.Bytes);

        public Message Double(int field, double value)
        {
            Span<byte> bytes = stackalloc byte[8];
            BinaryPrimitives.WriteDoubleLittleEndian(bytes, value);
            Varint(((ulong)field << 3) | 1)._bytes.Write(bytes);
            return this;
        }

        public Message Single(int field, float value)
        {
            Span<byte> bytes = stackalloc byte[4];
            BinaryPrimitives.WriteSingleLittleEndian(bytes, value);
            Varint(((ulong)field << 3) | 5)._bytes.Write(bytes);
            return this;
        }

        Message Block(int field, ReadOnlySpan<byte> value)
        {
            Varint(((ulong)field << 3) | 2).Varint((ulong)value.Length)._bytes.Write(value);
            return this;
        }

        Message Varint(ulong value)
        {
            for (; value >= 0x80; value >>= 7) _bytes.WriteByte((byte)(value | 0x80));
            _bytes.WriteByte((byte)value);
            return this;
        }
    }
}
