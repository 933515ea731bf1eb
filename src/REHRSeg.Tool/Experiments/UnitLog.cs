using REHRSeg.Imaging;

namespace REHRSeg.Tool;

/// <summary>A unit's <c>log.txt</c>: what the tool says while it runs, each line with the time. A resumed unit goes on in the same file.</summary>
internal sealed class UnitLog(string path) : IDisposable
{
    StreamWriter? _writer;

    public void Line(string text)
    {
        if (_writer is null)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            _writer = new StreamWriter(path, append: true) { AutoFlush = true };
        }
        _writer.WriteLine($"{DateTime.Now:yyyy-MM-dd HH:mm:ss} {text}");
    }

    /// <summary>Closes the file, so that its folder can be emptied.</summary>
    public void Reset(Action empty)
    {
        Dispose();
        _writer = null;
        empty();
    }

    public void Dispose() => _writer?.Dispose();
}
