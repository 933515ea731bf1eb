using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;
using REHRSeg.Imaging;

namespace REHRSeg.Tool;

/// <summary>
/// A piece of work that several units share, in a folder named by the hash of all that it depends on. <c>stage.json</c>, written last, says that it is finished;
/// without it the work goes on from what is there.
/// </summary>
internal sealed class StageFolder
{
    static readonly ConcurrentDictionary<string, bool> s_told = [];
    readonly int _fold;
    readonly object _inputs;

    /// <param name="root">Folder of all stages.</param>
    /// <param name="kind">Short name.</param>
    /// <param name="fold">Fold whose training cases it is of: for the reader, since the inputs name the cases.</param>
    /// <param name="inputs">Everything that the result depends on.</param>
    public StageFolder(string root, string kind, int fold, object inputs)
    {
        (_fold, _inputs) = (fold, inputs);
        Name = $"{kind}-{ContentHash.Of(new { kind, inputs, version = ToolVersion.Release })}";
        Path = System.IO.Path.Combine(root, Name);
    }

    /// <summary>KIND-HASH.</summary>
    public string Name { get; }
    public string Path { get; }
    string Finished => File("stage.json");

    public string File(params string[] parts) => System.IO.Path.Combine([Path, .. parts]);

    /// <summary>Does the work unless it is finished.</summary>
    /// <returns>The same folder.</returns>
    public StageFolder Ensure(ToolConsole console, CancellationToken cancel, Action<StageFolder> work)
    {
        if (System.IO.File.Exists(Finished))
        {
            if (s_told.TryAdd(Path, true)) console.Info($"   {Name}: at hand");
            return this;
        }
        console.Info($"   {Name}");
        Directory.CreateDirectory(Path);
        using var held = WaitForTurn(console, cancel);
        if (System.IO.File.Exists(Finished)) return this;
        var watch = Stopwatch.StartNew();
        work(this);
        s_told.TryAdd(Path, true);
        AtomicFile.WriteText(Finished, JsonSerializer.Serialize(new { fold = _fold, inputs = _inputs, seconds = watch.Elapsed.TotalSeconds }, ToolConsole.JsonForm));
        return this;
    }

    /// <summary>Another experiment may be at work on the same stage.</summary>
    IDisposable WaitForTurn(ToolConsole console, CancellationToken cancel)
    {
        for (bool told = false; ; told = true)
        {
            try
            {
                return OutputFolder.Lock(System.IO.Path.GetDirectoryName(Path)!, $"another process is at work on the shared stage {Name}", $".{Name}.lock");
            }
            catch (IOException)
            {
                if (!told) console.Info($"   {Name}: another process is at work on it; waiting");
                if (cancel.WaitHandle.WaitOne(TimeSpan.FromSeconds(1))) throw new OperationCanceledException(cancel);
            }
        }
    }
}
