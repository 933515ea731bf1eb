using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using REHRSeg.Imaging;
using REHRSeg.Onnx;

namespace REHRSeg;

/// <summary>What the planner decided from the data: resolution, patch, batch and network. Written to <c>plan.json</c>. Axes are D (slices), H, W.</summary>
internal sealed record SegmentationPlan
{
    /// <summary>Spacing (mm) that every case is resampled to.</summary>
    public required ImmutableArray<double> TargetSpacing { get; init; }
    /// <summary>Median shape of the cases at the target spacing.</summary>
    public required ImmutableArray<double> MedianShape { get; init; }
    /// <summary>Cases planned for.</summary>
    public required int Cases { get; init; }
    /// <summary>Training and sliding-window patch in voxels.</summary>
    public required PatchShape Patch { get; init; }
    /// <summary>Samples per iteration.</summary>
    public required int BatchSize { get; init; }
    /// <summary>Estimated feature-map elements of one sample.</summary>
    public required double FeatureMapElements { get; init; }
    /// <summary>Intensities are z-scored over non-zero voxels alone.</summary>
    public bool NormaliseInsideNonzero { get; init; }
    /// <summary>The network.</summary>
    public required SegmentationArchitecture Architecture { get; init; }
    /// <summary>What the planner could spend; null: it did not plan.</summary>
    public PlannedBudget? Budget { get; init; }
    /// <summary>File that patch, batch, spacing and network were taken from; null: planned here.</summary>
    public string? Source { get; init; }
    /// <summary>What the data look like; null: not measured.</summary>
    public FingerprintSummary? Fingerprint { get; init; }
    /// <summary>The plan in words and units. Written for people, never read.</summary>
    public ImmutableArray<string> Summary { get; init; } = [];

    /// <summary>nnU-Net's rule: in-plane transforms only where the patch is more than 3 times as wide as deep (METHOD.md section 7).</summary>
    [JsonIgnore]
    public bool InPlaneAugmentation => Math.Max(Patch.Height, Patch.Width) > 3 * Patch.Depth;

    static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        IgnoreReadOnlyProperties = true,
        RespectRequiredConstructorParameters = true,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new PatchShapeConverter(), new LineConverter<double>(), new LineConverter<int>() },
    };

    /// <summary>Indented JSON.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, Json);

    /// <summary>Writes the file atomically, with its summary.</summary>
    public void Save(string path) => AtomicFile.WriteText(path, (this with { Summary = [.. PlanDescription.Lines(this).Select(l => $"{l.Key}: {l.Value}")] }).ToJson() + "\n");

    /// <summary>Reads what <see cref="Save"/> wrote.</summary>
    /// <exception cref="ModelFormatException">The file is not a plan.</exception>
    public static SegmentationPlan Load(string path) => Parse<SegmentationPlan>(File.ReadAllText(path), path) with { Summary = [] };

    /// <summary>The network alone, for a model file's metadata.</summary>
    internal static string ToJson(SegmentationArchitecture architecture) => JsonSerializer.Serialize(architecture, new JsonSerializerOptions(Json) { WriteIndented = false });

    /// <summary>Reads what <see cref="ToJson(SegmentationArchitecture)"/> wrote.</summary>
    internal static SegmentationArchitecture ParseArchitecture(string json, string source)
    {
        var a = Parse<SegmentationArchitecture>(json, source);
        int stages = a.Features.IsDefault ? 0 : a.Features.Length;
        if (stages < 2 || a.Kernels.IsDefault || a.Strides.IsDefault || a.Kernels.Length != stages || a.Strides.Length != stages || a.Classes < 2 || a.Channels < 1)
            throw new ModelFormatException($"{source}: the network description names {stages} feature stages, or kernels and strides for another number of stages; the file is damaged.");
        return a;
    }

    static T Parse<T>(string json, string source)
    {
        try
        {
            return JsonSerializer.Deserialize<T>(json, Json) ?? throw new JsonException("null");
        }
        catch (JsonException e)
        {
            throw new ModelFormatException($"{source}: not a REHRSeg segmentation {(typeof(T) == typeof(SegmentationPlan) ? "plan" : "network")}: {e.Message} Train again, or take the file that was written by this version.", e);
        }
    }

    /// <summary>A patch shape as <c>[D, H, W]</c>.</summary>
    sealed class PatchShapeConverter : JsonConverter<PatchShape>
    {
        public override PatchShape Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options)
            => JsonSerializer.Deserialize<int[]>(ref reader, options) is [var d, var h, var w] ? new(d, h, w) : throw new JsonException("A shape needs three numbers, [D, H, W].");

        public override void Write(Utf8JsonWriter writer, PatchShape value, JsonSerializerOptions options)
            => writer.WriteRawValue($"[{value.Depth}, {value.Height}, {value.Width}]");
    }

    /// <summary>Numbers in one line.</summary>
    sealed class LineConverter<T> : JsonConverter<ImmutableArray<T>>
    {
        public override ImmutableArray<T> Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) => [.. JsonSerializer.Deserialize<T[]>(ref reader, options) ?? throw new JsonException("A list of numbers is null.")];

        public override void Write(Utf8JsonWriter writer, ImmutableArray<T> value, JsonSerializerOptions options)
            => writer.WriteRawValue($"[{string.Join(", ", value.Select(v => JsonSerializer.Serialize(v, options)))}]");
    }
}
