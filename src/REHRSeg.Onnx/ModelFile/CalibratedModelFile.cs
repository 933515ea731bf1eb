using REHRSeg.Imaging;

namespace REHRSeg.Onnx;

/// <summary>Gives an exported segmentation model other temperatures (<see cref="SegmentationModelInfo.LrTemperature"/>); needs neither Torch nor ONNX Runtime.</summary>
public static class CalibratedModelFile
{
    /// <summary>Writes a copy of a model; weights and graph are the same, byte for byte.</summary>
    /// <param name="path">An ONNX file with REHRSeg metadata, of any precision.</param>
    /// <param name="lrTemperature">Temperature on the image's own grid; null: none.</param>
    /// <param name="hrTemperature">Temperature on the refined grid; null: none.</param>
    /// <param name="target">Receives the copy.</param>
    /// <returns>What the copy says of itself.</returns>
    /// <exception cref="FileNotFoundException">The file does not exist.</exception>
    /// <exception cref="ModelFormatException">Not a REHRSeg segmentation model, damaged, or of a later version.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A temperature that makes no sense.</exception>
    public static SegmentationModelInfo Write(string path, double? lrTemperature, double? hrTemperature, Stream target)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(target);
        if (!File.Exists(path)) throw new FileNotFoundException($"The model file {path} does not exist.", path);
        if (new FileInfo(path).Length > Array.MaxLength) throw new ModelFormatException($"{path} is larger than 2 GB, which no ONNX file is.");
        byte[] model = File.ReadAllBytes(path);
        var metadata = OnnxFile.Inspect(model, path).Metadata;
        var info = SegmentationModelInfo.FromMetadata(metadata, path) with { LrTemperature = lrTemperature, HrTemperature = hrTemperature };
        var own = info.ToMetadata();
        string[] replaced = [.. own.Keys, MetadataReader.Prefix + SegmentationModelInfo.LrTemperatureKey, MetadataReader.Prefix + SegmentationModelInfo.HrTemperatureKey];
        OnnxMetadata.Replace(model, [.. metadata.Where(m => !replaced.Contains(m.Key)), .. own], target); // the order in which they are exported
        return info;
    }
}
