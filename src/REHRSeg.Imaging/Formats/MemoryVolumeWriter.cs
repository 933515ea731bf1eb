namespace REHRSeg.Imaging;

/// <summary>Collects slabs in memory and hands the volume on as a whole: for formats that only write whole volumes.</summary>
sealed class MemoryVolumeWriter(VolumeGeometry geometry, int channels, Func<MLVolume, bool, CancellationToken, ValueTask> write) : VolumeWriter
{
    readonly float[] _voxels = new float[checked(geometry.VoxelCount * channels)];

    public override VolumeGeometry Geometry => geometry;
    public override int Channels => channels;

    public override void WriteSlices(ReadOnlyMemory<float> voxels)
    {
        int count = CountSlices(voxels);
        voxels.CopyTo(_voxels.AsMemory(SlicesWritten * geometry.Width * geometry.Height));
        SlicesWritten += count;
    }

    public override ValueTask WriteSlicesAsync(ReadOnlyMemory<float> voxels, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        WriteSlices(voxels);
        return ValueTask.CompletedTask;
    }

    public override void Complete()
    {
        RequireAllSlices();
        write(new(geometry, _voxels, channels), false, default).Finished();
    }

    public override ValueTask CompleteAsync(CancellationToken cancellationToken = default)
    {
        RequireAllSlices();
        return write(new(geometry, _voxels, channels), true, cancellationToken);
    }
}
