using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using REHRSeg.Imaging;

namespace REHRSeg.Onnx;

/// <summary>Strict reading of the <c>rehrseg.*</c> key/values of a model file; every error names file, key, value and remedy.</summary>
internal sealed class MetadataReader
{
    public const string Prefix = "rehrseg.";
    const int MostPatchVoxels = 1 << 26, MostLabels = 4096;
    readonly IReadOnlyDictionary<string, string> _values;
    readonly string _source;

    /// <summary>Checks kind and format version.</summary>
    public MetadataReader(IReadOnlyDictionary<string, string> values, string source, string kind, int currentVersion)
    {
        ArgumentNullException.ThrowIfNull(values);
        (_values, _source) = (values, source);
        if (!values.ContainsKey(Prefix + "model")) throw new ModelFormatException($"{source} is not a REHRSeg model: it has no {Prefix}model. Export one with 'rehrseg export'.");
        string found = Text("model");
        if (found != kind) throw new ModelFormatException($"{source} is a '{found}' model, but a '{kind}' model is needed here.");
        Version = Integer("format_version", 1, int.MaxValue);
        if (Version > currentVersion) throw new ModelFormatException($"{source} has {Prefix}format_version {Version}; this program reads up to {currentVersion}. Update the REHRSeg packages.");
    }

    public int Version { get; }

    /// <summary>True if the file has the key: for keys that came without a new format version.</summary>
    public bool Has(string key) => _values.ContainsKey(Prefix + key);

    public string Text(string key) => _values.TryGetValue(Prefix + key, out var value) ? value : throw new ModelFormatException($"{_source}: {Prefix}{key} is missing. Export the model again.");

    public int Integer(string key, int least, int most) =>
        int.TryParse(Text(key), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int value) && value >= least && value <= most ? value : throw Wrong(key, most == int.MaxValue ? $"an integer of at least {least}" : $"an integer from {least} to {most}");

    public double Number(string key, double least, double most) => Between(key, Text(key), least, most);

    /// <summary>The position of the value among the allowed ones.</summary>
    public int Choice(string key, params ReadOnlySpan<string> allowed) => allowed.IndexOf(Text(key)) is >= 0 and var found ? found : throw Wrong(key, "one of " + string.Join(", ", allowed!));

    public bool Flag(string key) => Choice(key, "false", "true") == 1;

    public ImmutableArray<double> Numbers(string key, int count, double least, double most)
    {
        var parts = Text(key).Split(',');
        return parts.Length == count ? [.. parts.Select(p => Between(key, p, least, most))] : throw Wrong(key, $"{count} comma-separated numbers");
    }

    public PatchShape Shape(string key)
    {
        var values = Numbers(key, 3, 1, 4096);
        return values.All(double.IsInteger) ? new((int)values[0], (int)values[1], (int)values[2]) : throw Wrong(key, "three integers");
    }

    /// <summary>A patch of at most 2^26 voxels when it is a multiple of the divisor.</summary>
    public PatchShape Patch(string key, PatchShape divisor)
    {
        var patch = Shape(key);
        var tile = patch.RoundUpTo(divisor);
        return (long)tile.Depth * tile.Height * tile.Width <= MostPatchVoxels ? patch : throw Wrong(key, $"a patch of at most {MostPatchVoxels} voxels (with {Prefix}divisor it is {tile})");
    }

    public SliceAxis Axis(string key) => (SliceAxis)Choice(key, "x", "y", "z");

    /// <summary>A slice profile, <c>name;first;weights</c>; null if the value is empty.</summary>
    public SliceProfile? Profile(string key, int factor)
    {
        string[] parts = Text(key).Split(';');
        if (parts is [""]) return null;
        if (parts.Length != 3 || !int.TryParse(parts[1], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int first) || first is > 0 or < -1024) throw Wrong(key, "name;first;weights");
        float[] weights = [.. parts[2].Split(',').Select(w => (float)Between(key, w, -1, 1.5))];
        return weights.Length <= 4096 && Math.Abs(weights.Sum() - 1) < 1e-3 ? new(parts[0], factor, first, weights) : throw Wrong(key, "a profile whose weights add up to 1");
    }

    public ImmutableArray<LabelClass> Labels(string key)
    {
        ImmutableArray<LabelClass> labels;
        try
        {
            using var document = JsonDocument.Parse(Text(key));
            labels = [.. document.RootElement.EnumerateArray().Select(e => new LabelClass(e.GetProperty("value").GetInt32(), e.GetProperty("name").GetString() ?? ""))];
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            throw Wrong(key, "a JSON list of objects with value and name");
        }
        if (labels.Length is < 2 or > MostLabels || labels[0].Value != 0 || labels.Any(l => l.Value < 0) || labels.DistinctBy(l => l.Value).Count() != labels.Length)
            throw Wrong(key, $"2 to {MostLabels} different non-negative label values, background 0 first,");
        return labels;
    }

    /// <summary>Keep-largest-component steps: <c>largest:foreground</c> or <c>largest:LABEL</c>, comma-separated.</summary>
    public ImmutableArray<LargestComponentRule> LargestComponents(string key, ImmutableArray<LabelClass> labels)
    {
        LargestComponentRule Rule(string part) => part == "largest:foreground" ? LargestComponentRule.Foreground
            : labels.Skip(1).Where(l => part == Write(new LargestComponentRule(l.Value))).Select(l => (LargestComponentRule?)new(l.Value)).FirstOrDefault()
            ?? throw Wrong(key, "a comma-separated list of largest:foreground and largest:LABEL, of labels of the model,");
        return [.. Text(key).Split(',').Select(Rule)];
    }

    public static string Write(ImmutableArray<LargestComponentRule> rules) => string.Join(',', rules.Select(Write));

    static string Write(LargestComponentRule rule) => "largest:" + (rule.Label?.ToString(CultureInfo.InvariantCulture) ?? "foreground");

    /// <summary>The other direction of <see cref="Labels"/>.</summary>
    public static string Write(ImmutableArray<LabelClass> labels)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartArray();
            foreach (var label in labels)
            {
                json.WriteStartObject();
                json.WriteNumber("value", label.Value);
                json.WriteString("name", label.Name);
                json.WriteEndObject();
            }
            json.WriteEndArray();
        }
        return System.Text.Encoding.UTF8.GetString(stream.ToArray());
    }

    public static string Write(double value) => value.ToString("R", CultureInfo.InvariantCulture);

    public static string Write(bool value) => value ? "true" : "false";

    public static string Write(SliceProfile? profile) =>
        profile is null ? "" : string.Create(CultureInfo.InvariantCulture, $"{profile.Name};{profile.First};{string.Join(',', profile.Weights.Select(w => w.ToString("R", CultureInfo.InvariantCulture)))}");

    public static string Write(SliceAxis axis) => axis switch { SliceAxis.X => "x", SliceAxis.Y => "y", _ => "z" };

    public static string Write(PatchShape shape) => FormattableString.Invariant($"{shape.Depth},{shape.Height},{shape.Width}");

    double Between(string key, string text, double least, double most) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && value >= least && value <= most ? value : throw Wrong(key, FormattableString.Invariant($"a number from {least} to {most}"));

    ModelFormatException Wrong(string key, string wanted)
    {
        string value = Text(key);
        return new($"{_source}: {Prefix}{key} is '{(value.Length > 80 ? value[..80] + "…" : value)}', but {wanted} is needed. Export the model again.");
    }
}
