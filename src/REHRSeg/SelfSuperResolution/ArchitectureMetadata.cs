using System.Text.Json;
using System.Text.Json.Serialization;
using REHRSeg.Imaging;
using REHRSeg.Onnx;

namespace REHRSeg;

/// <summary>The architecture of a super-resolution network among the metadata of its model file.</summary>
internal static class ArchitectureMetadata
{
    public const string Key = "rehrseg.architecture";

    /// <summary>Limit that keeps a hostile file from making a slice profile without end, in thin voxels.</summary>
    const double WidestProfile = 1024;

    static readonly JsonSerializerOptions s_json = new() { Converters = { new JsonStringEnumConverter() }, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow };

    public static string Write<T>(T architecture) where T : ISuperResolutionArchitecture => JsonSerializer.Serialize(architecture, s_json);

    /// <exception cref="ModelFormatException">Missing, damaged, out of its limits, or of other factor and channels than the rest of the file.</exception>
    public static T Read<T>(IReadOnlyDictionary<string, string> metadata, SelfSrModelInfo info, string source, Func<T, bool> isWithinLimits) where T : class, ISuperResolutionArchitecture
    {
        T? a = null;
        try
        {
            if (metadata.TryGetValue(Key, out string? json)) a = JsonSerializer.Deserialize<T>(json, s_json);
        }
        catch (JsonException) { }
        if (a is null || !isWithinLimits(a) || a.Factor != info.Factor || a.ImageChannels != info.ImageChannels || a.LabelChannels != info.LabelChannels || !HasProfile(a))
            throw new ModelFormatException($"{source}: metadata '{Key}' is missing or does not fit the rest of the file. Save the model again.");
        if (a.GlobalResidual && info.FormatVersion < 2)
            throw new ModelFormatException($"{source} is of format version {info.FormatVersion}, whose networks corrected another interpolation. Train it again, or use its selfsr.onnx.");
        return a;
    }

    static bool HasProfile(ISuperResolutionArchitecture a) => a.ResidualProfile switch
    {
        SliceProfileKind.Gaussian => a.ResidualFwhm is null or > 0 and <= WidestProfile,
        SliceProfileKind.Slr => a.Factor is >= 2 and <= 6,
        _ => false,
    };
}
