using System.Text.Json;
using REHRSeg.Imaging;

namespace REHRSeg;

/// <summary>The output file and the checkpoint folder of one training: found writable before the work, kept from a second training, and never mixed with another one's.</summary>
internal sealed class FrameWorkFolder : IDisposable
{
    const string Films = "films";
    static readonly JsonSerializerOptions s_json = new() { WriteIndented = true };
    readonly FileStream? _lock;
    readonly string? _directory;

    FrameWorkFolder(string? directory, FileStream? @lock) => (_directory, _lock) = (directory, @lock);

    /// <summary>Tries both places.</summary>
    /// <exception cref="IOException">Not writable, in use, or holding other work; says what to do.</exception>
    public static FrameWorkFolder Claim(string output, FramePretrainingOptions options)
    {
        string file = Path.GetFullPath(output);
        if (Directory.Exists(file)) throw new IOException($"{output} is a folder; name a file in it, such as {Path.Combine(output, "flavr.safetensors")}.");
        RequireWritable(Path.GetDirectoryName(file)!, output);
        string? work = options.CheckpointDirectory;
        bool begun = work is not null && Checkpoint.Exists(work, FrameTask.StageName);
        if (File.Exists(file) && !(options.Resume && begun)) throw new IOException($"{output} is there already. Choose another file, or remove it.");
        if (work is null) return new(null, null);
        if (Path.GetFullPath(work) == file) throw new IOException($"{output} is named as output file and as checkpoint folder. Choose another name for one of them.");
        RequireWritable(work, work);
        if (begun && !options.Resume) throw new IOException($"{work} already holds a training. Resume it, or choose another folder.");
        try
        {
            return new(work, new(Path.Combine(work, ".lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1, FileOptions.DeleteOnClose));
        }
        catch (IOException e)
        {
            throw new IOException($"{work} is in use by another training. Wait for it, or choose another folder.", e);
        }
    }

    /// <summary>Notes what this training is; one that is resumed must be the same but for its iterations.</summary>
    /// <exception cref="DatasetException">Other films.</exception>
    /// <exception cref="ArgumentException">Another option; names it with both values.</exception>
    public void RequireSameTraining(FrameSource source, FramePretrainingOptions options)
    {
        if (_directory is null) return;
        string file = Path.Combine(_directory, "config.json");
        var settings = options.Settings();
        settings[Films] = source.Fingerprint;
        if (options.Resume && Checkpoint.Exists(_directory, FrameTask.StageName) && File.Exists(file))
        {
            var begun = Read(file);
            if (begun.GetValueOrDefault(Films) != source.Fingerprint) throw new DatasetException($"{file} was begun with other frames or volumes. Restore them, or choose another checkpoint folder.");
            foreach (var (name, value) in settings)
                if (name != nameof(options.Iterations) && begun.GetValueOrDefault(name) is var old && old != value)
                    throw new ArgumentException($"{file} was begun with {name} {(old is null or "" ? "not given" : old)}; it cannot be resumed with {(value.Length == 0 ? "none" : value)}. Repeat the first options, or choose another checkpoint folder.", name);
        }
        AtomicFile.WriteText(file, JsonSerializer.Serialize(settings, s_json));
    }

    public void Dispose() => _lock?.Dispose();

    static Dictionary<string, string> Read(string file)
    {
        try
        {
            return JsonSerializer.Deserialize<Dictionary<string, string>>(File.ReadAllText(file)) ?? [];
        }
        catch (JsonException e)
        {
            throw new DatasetException($"{file} is damaged: {e.Message} Restore it, or choose another checkpoint folder.", e);
        }
    }

    static void RequireWritable(string folder, string what)
    {
        try
        {
            Directory.CreateDirectory(folder);
            string probe = Path.Combine(folder, $".write-test-{Guid.NewGuid():N}");
            File.WriteAllBytes(probe, []);
            File.Delete(probe);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"{what} cannot be written: {e.Message.TrimEnd('.')}. Choose another place.", e);
        }
    }
}
