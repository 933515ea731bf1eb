using System.Runtime.InteropServices;
using REHRSeg.Imaging;

namespace REHRSeg.Tool;

/// <summary>Keeps the volumes of cases in a temporary file, so that a second look at all of them takes the memory of one.</summary>
internal sealed class CaseSpool : IDisposable
{
    readonly FileStream _file;
    readonly List<(VolumeGeometry Geometry, int Channels)[]> _cases = [];

    /// <param name="folder">Where the file is; it is gone when the process ends.</param>
    public CaseSpool(string folder) =>
        _file = new(Path.Combine(folder, $"rehrseg-{Guid.NewGuid():N}.tmp"), FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, 1 << 16, FileOptions.DeleteOnClose);

    public int Count => _cases.Count;

    /// <summary>Takes one case.</summary>
    public void Add(params MLVolume[] volumes)
    {
        try
        {
            _file.Seek(0, SeekOrigin.End);
            foreach (var volume in volumes) _file.Write(MemoryMarshal.AsBytes(volume.Voxels));
            _file.Flush();
        }
        catch (Exception e) when (AtomicFile.IsOfDisk(e))
        {
            throw new IOException($"Probabilities that wait for a second look cannot be written to {_file.Name}: {e.Message} Free some space there.", e);
        }
        _cases.Add([.. volumes.Select(v => (v.Geometry, v.Channels))]);
    }

    /// <summary>Gives the cases back in order.</summary>
    public IEnumerable<MLVolume[]> Read()
    {
        _file.Seek(0, SeekOrigin.Begin);
        foreach (var volumes in _cases)
            yield return Array.ConvertAll(volumes, v =>
            {
                var voxels = new float[v.Channels * v.Geometry.VoxelCount];
                _file.ReadExactly(MemoryMarshal.AsBytes(voxels.AsSpan()));
                return new MLVolume(v.Geometry, voxels, v.Channels);
            });
    }

    public void Dispose() => _file.Dispose();
}
