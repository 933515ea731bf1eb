using REHRSeg.Imaging;

namespace REHRSeg.Tool;

/// <summary>A volume as the page holds it: one byte a voxel in a <c>.nii.gz</c>, in base64. Images and uncertainties are quantised: byte b stands for <c>Low + b (High - Low) / 255</c>.</summary>
internal sealed record EmbeddedVolume(string Base64, double Low, double High)
{
    /// <exception cref="VolumeFormatException">A label is not an integer from 0 to 255.</exception>
    public static EmbeddedVolume Create(MLVolume volume, ViewerRole role, string name)
    {
        var (low, high) = role switch { ViewerRole.Label => new(0, byte.MaxValue), ViewerRole.Uncertainty => RobustRange.Of(volume) with { Low = 0 }, _ => RobustRange.Of(volume) };
        var bytes = role == ViewerRole.Label ? Labels(volume, name) : Quantised(volume, low, high);
        using var file = new MemoryStream();
        VolumeFile.Write(bytes, file, "volume.nii.gz", VolumeDataType.UInt8);
        return new(Convert.ToBase64String(file.GetBuffer(), 0, (int)file.Length), low, high);
    }

    static MLVolume Labels(MLVolume volume, string name)
    {
        foreach (float value in volume.Voxels)
            if (!(value is >= 0 and <= byte.MaxValue) || value != MathF.Round(value)) throw new VolumeFormatException($"{name}: a label is {value}; the viewer draws integers from 0 to {byte.MaxValue}.");
        return volume;
    }

    static MLVolume Quantised(MLVolume volume, float low, float high)
    {
        float scale = high > low ? byte.MaxValue / (high - low) : 0;
        var bytes = new float[volume.Voxels.Length];
        for (int i = 0; i < bytes.Length; i++) bytes[i] = float.IsNaN(volume.Voxels[i]) ? 0 : Math.Clamp(MathF.Round((volume.Voxels[i] - low) * scale), 0, byte.MaxValue);
        return volume.WithVoxels(bytes);
    }
}
