namespace REHRSeg;

/// <summary>Adds to a file by whole records, so that a full disk leaves no half of one.</summary>
internal static class WholeRecord
{
    /// <summary>Writes at the end of a stream that does not buffer; where that fails, what was written of the record is taken back.</summary>
    /// <exception cref="IOException">There is no space; the stream is as it was.</exception>
    public static void Append(Stream stream, ReadOnlySpan<byte> record)
    {
        long end = stream.Seek(0, SeekOrigin.End);
        try
        {
            stream.Write(record);
            stream.Flush();
        }
        catch
        {
            TakeBack(stream, end);
            throw;
        }
    }

    static void TakeBack(Stream stream, long end)
    {
        try { stream.SetLength(end); }
        catch (IOException) { } // the first failure is the one to report
    }
}
