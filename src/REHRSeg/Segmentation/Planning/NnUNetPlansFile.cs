using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using REHRSeg.Imaging;

namespace REHRSeg;

/// <summary>nnU-Net v2's plans: the axis order and, by name, the configurations, which may inherit from each other.</summary>
/// <param name="plans">The JSON document.</param>
/// <param name="file">What messages call it.</param>
internal sealed class NnUNetPlansFile(JsonObject plans, string file)
{
    const string Remedy = "Give the plans file of nnU-Net v2 (nnUNetPlans.json, or plans.json of a training).";

    /// <summary>Reads a file.</summary>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="ModelFormatException">It is not a plans file.</exception>
    public static JsonObject Read(string path)
    {
        if (!File.Exists(path)) throw new FileNotFoundException($"There is no plans file {path}. {Remedy}", path);
        try
        {
            return JsonNode.Parse(File.ReadAllBytes(path)) as JsonObject ?? throw new JsonException("the file is not an object.");
        }
        catch (Exception e) when (e is JsonException or ArgumentException)
        {
            throw new ModelFormatException($"{path} is not valid JSON: {e.Message} {Remedy}", e);
        }
    }

    /// <summary>SHA-256 of the file's bytes, 32 hexadecimal digits.</summary>
    public static string Hash(string path) => Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(path)).AsSpan(0, 16));

    /// <summary><c>transpose_forward</c>: a permutation of 0, 1, 2.</summary>
    public ImmutableArray<int> Transpose
    {
        get
        {
            if (plans["transpose_forward"] is null) return [0, 1, 2];
            var order = new NnUNetConfigurationJson(plans, file).Integers("transpose_forward");
            return order.Length == 3 && order.Order().SequenceEqual([0, 1, 2]) ? order : throw new ModelFormatException($"{file}: transpose_forward is [{string.Join(", ", order)}], no order of three axes. {Remedy}");
        }
    }

    /// <summary>A configuration with what it inherits.</summary>
    /// <exception cref="ModelFormatException">There is none of that name, or they inherit in a circle.</exception>
    public NnUNetConfigurationJson Resolve(string name)
    {
        if (plans["configurations"] is not JsonObject all) throw new ModelFormatException($"{file} has no configurations. {Remedy}");
        List<string> visited = [];
        var merged = new JsonObject();
        for (string? at = name; at is not null; at = merged.Remove("inherits_from", out var parent) ? parent?.ToString() : null)
        {
            if (visited.Contains(at)) throw new ModelFormatException($"{file}: the configurations {string.Join(", ", visited)} inherit from each other in a circle. {Remedy}");
            visited.Add(at);
            if (all[at] is not JsonObject own)
                throw new ModelFormatException($"{file} has no configuration {at}{(visited.Count > 1 ? $", from which {visited[^2]} inherits" : "")}; it has {string.Join(", ", all.Select(c => c.Key))}. Name one of them.");
            foreach (var (key, value) in own) merged.TryAdd(key, value?.DeepClone());
        }
        return new(merged, $"{file}, configuration {name}");
    }
}

/// <summary>Values of a configuration, with errors that name it.</summary>
/// <param name="json">With everything it inherits.</param>
/// <param name="source">File and configuration.</param>
internal sealed class NnUNetConfigurationJson(JsonObject json, string source)
{
    /// <summary>Something that this tool cannot do as nnU-Net does.</summary>
    public ModelFormatException Refused(string what, string remedy) => new($"{source} {what}. {remedy}");

    /// <summary>The file contradicts itself.</summary>
    public ModelFormatException Damaged(string what) => new($"{source}: {what}. The file is damaged or of another program; give the plans file as nnU-Net v2 wrote it.");

    public bool Has(string key) => json[key] is not null;
    public NnUNetConfigurationJson? Object(string key) => json[key] switch { null => null, JsonObject o => new(o, source), _ => throw Damaged($"{key} is not an object") };
    public string? Text(string key) => json[key] is null ? null : Value<string>(json[key], key);
    public bool? Flag(string key) => json[key] is null ? null : Value<bool>(json[key], key);
    public int Integer(string key) => Value<int>(json[key], key);
    public double Number(string key) => Value<double>(json[key], key);
    public ImmutableArray<int> Integers(string key) => List(json[key], key, Value<int>);
    public ImmutableArray<double> Numbers(string key) => List(json[key], key, Value<double>);
    public ImmutableArray<string> Texts(string key) => List(json[key], key, Value<string>);
    public ImmutableArray<bool> Flags(string key) => List(json[key], key, Value<bool>);
    public ImmutableArray<ImmutableArray<int>> Shapes(string key) => List(json[key], key, (n, k) => List(n, k, Value<int>));

    /// <summary>A number for every stage, or one for all.</summary>
    public ImmutableArray<int> PerStage(string key, int stages) => json[key] is JsonArray ? Integers(key) : [.. Enumerable.Repeat(Integer(key), stages)];

    ImmutableArray<T> List<T>(JsonNode? node, string key, Func<JsonNode?, string, T> item) => node is JsonArray array ? [.. array.Select(n => item(n, key))] : throw Damaged($"{key} is {Show(node)}, not a list");

    T Value<T>(JsonNode? node, string key)
    {
        if (node is JsonValue value)
        {
            if (value.TryGetValue(out T? found)) return found;
            if (typeof(T) == typeof(int) && Real(value) is { } number && number == (int)number) return (T)(object)(int)number; // 2.0 for 2
            if (typeof(T) == typeof(double) && Real(value) is { } real) return (T)(object)real;
        }
        throw Damaged($"{key} is {Show(node)}");
    }

    static double? Real(JsonValue value) => value.TryGetValue(out double d) ? d : value.TryGetValue(out int i) ? i : value.TryGetValue(out long l) ? l : null;

    static string Show(JsonNode? node) => node is null ? "missing" : node.ToJsonString() is { Length: <= 60 } text ? text : node.GetValueKind().ToString().ToLowerInvariant();
}
