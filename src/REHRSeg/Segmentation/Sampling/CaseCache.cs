using System.Collections.Concurrent;
using System.IO.MemoryMappedFiles;
using REHRSeg.Imaging;
using REHRSeg.Onnx;

namespace REHRSeg;

/// <summary>
/// Prepared cases in a folder, memory-mapped while a training draws patches from them. Entries are named by content and options (<see cref="CaseKey"/>) and written as a whole or not at
/// all, so processes may share a folder. Disposing releases the cases.
/// </summary>
internal sealed class CaseCache : IDisposable
{
    /// <summary>Share of the machine's memory that prepared cases may take before they go into the run folder by themselves.</summary>
    public const double MemoryShare = 0.25;

    readonly ConcurrentBag<MemoryMappedViewAccessor> _views = [];
    readonly ConcurrentDictionary<string, bool> _used = [];
    readonly string _directory;
    readonly bool _temporary;
    readonly Action<string> _warn;
    bool _completed;

    /// <param name="directory">Folder; created if absent.</param>
    /// <param name="warn">Receives warnings.</param>
    /// <param name="temporary">Delete this cache's entries when the training has finished.</param>
    public CaseCache(string directory, Action<string> warn, bool temporary = false) => (_directory, _warn, _temporary) = (Path.GetFullPath(directory), warn, temporary);

    /// <summary>
    /// The cache of a training: where the options say; else, if the prepared cases would take more than a quarter of the memory and there is a run folder, in its folder "cache", until
    /// the training has finished; else null (memory).
    /// </summary>
    /// <exception cref="IOException">The folder's disk has too little space left.</exception>
    public static CaseCache? Open(RehrSegTrainingData data, SegmentationModelInfo info, RehrSegOptions options, TrainingContext context)
        => Open(Size(data, info), GC.GetGCMemoryInfo().TotalAvailableMemoryBytes, options, context);

    internal static CaseCache? Open(long bytes, long memory, RehrSegOptions options, TrainingContext context)
    {
        bool automatic = options.CacheDirectory is null && context.Directory is not null && bytes > MemoryShare * memory;
        string? directory = options.CacheDirectory ?? (automatic ? Path.Combine(context.Directory!, "cache") : null);
        if (directory is null) return null;
        var cache = new CaseCache(directory, context.Warn, automatic);
        cache.RequireSpace(bytes);
        if (automatic) context.Log($"The prepared cases take about {bytes / 1e9:0.#} GB: they are kept in {cache._directory} until the training has finished.");
        return cache;
    }

    /// <summary>Bytes of all prepared cases, before they are cropped.</summary>
    internal static long Size(RehrSegTrainingData data, SegmentationModelInfo info)
    {
        double target = info.TargetSpacing[0] * info.TargetSpacing[1] * info.TargetSpacing[2], bytes = 0;
        foreach (var c in data.Real) bytes += Voxels(c.Image) * (4 * info.Channels + 1);
        foreach (var s in data.Pseudo) bytes += Voxels(s.Image) * (4 * info.Channels + 1 + 4 + info.Factor);
        return (long)bytes;

        double Voxels(MLVolume v) => v.Geometry.VoxelCount * (v.Geometry.Spacing[0] * v.Geometry.Spacing[1] * v.Geometry.Spacing[2] / target);
    }

    /// <summary>The case of a key, prepared if the folder does not have it. An entry that cannot be read is made anew, with a warning.</summary>
    /// <exception cref="IOException">The entry cannot be written; what was written of it is removed.</exception>
    public SegmentationCase GetOrAdd(string key, string id, Func<SegmentationCase> prepare)
    {
        string path = Path.Combine(_directory, key + ".case");
        _used[path] = true;
        if (File.Exists(path))
        {
            try
            {
                return Map(path, key, id);
            }
            catch (Exception e) when (e is IOException or InvalidDataException or UnauthorizedAccessException)
            {
                _warn($"{id}: the prepared case {path} cannot be used: {e.Message.TrimEnd('.')}. It is made anew.");
            }
        }
        var prepared = prepare();
        AtomicFile.Write(path, stream => CaseCacheFile.Write(stream, prepared, key));
        return Map(path, key, id);
    }

    /// <summary>The training has finished: temporary entries are deleted on disposal.</summary>
    public void Complete() => _completed = true;

    /// <inheritdoc/>
    public void Dispose()
    {
        while (_views.TryTake(out var view)) view.Dispose();
        if (!_temporary || !_completed) return;
        try
        {
            foreach (string path in _used.Keys) File.Delete(path);
            if (Directory.Exists(_directory) && !Directory.EnumerateFileSystemEntries(_directory).Any()) Directory.Delete(_directory);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _warn($"The prepared cases in {_directory} cannot be deleted: {e.Message} They are no longer needed.");
        }
    }

    SegmentationCase Map(string path, string key, string id)
    {
        var (result, view) = CaseCacheFile.Open(path, key, id);
        _views.Add(view);
        return result;
    }

    void RequireSpace(long bytes)
    {
        Directory.CreateDirectory(_directory);
        long present = new DirectoryInfo(_directory).EnumerateFiles("*.case").Sum(f => f.Length);
        long free = new DriveInfo(OperatingSystem.IsWindows() ? Path.GetPathRoot(_directory)! : _directory).AvailableFreeSpace;
        if (bytes - present > free)
            throw new IOException($"{_directory} has {free / 1e9:0.#} GB left, and the prepared cases take about {bytes / 1e9:0.#} GB. Free space, or choose another cache folder ({nameof(RehrSegOptions)}.{nameof(RehrSegOptions.CacheDirectory)}, --cache).");
    }
}
