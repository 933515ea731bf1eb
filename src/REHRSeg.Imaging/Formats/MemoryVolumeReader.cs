namespace REHRSeg.Imaging;

/// <summary>Slabs of a volume in memory: for formats that only read whole volumes.</summary>
sealed class MemoryVolumeReader(MLVolume volume) : VolumeReader
{
    public override VolumeGeometry Geometry => volume.Geometry;
    public override int Channels => volume.Channels;
    public override VolumeDataType DataType => VolumeDataType.Float32;

    public override int ReadSlices(Memory<float> voxels)
    {
        int count = CountFitting(voxels), plane = Geometry.Width * Geometry.Height;
        volume.Memory.Slice(SlicesRead * plane, count * plane).CopyTo(voxels);
        SlicesRead += count;
        return count;
    }

    public override ValueTask<int> ReadSlicesAsync(Memory<float> voxels, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return new(ReadSlices(voxels));
    }
}
