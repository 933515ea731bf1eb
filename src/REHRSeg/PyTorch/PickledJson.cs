using System.Text.Json.Nodes;
using REHRSeg.Imaging;

namespace REHRSeg;

/// <summary>A plain value of a pickle as JSON, as it was before Python read it from a file.</summary>
internal static class PickledJson
{
    const int MaximumDepth = 32, MaximumValues = 100_000;

    /// <summary>Dicts, lists, tuples, text, numbers and truth values; anything else, and what is not finite, becomes null.</summary>
    /// <exception cref="ModelFormatException">Nested deeper than any plan, or in a circle.</exception>
    public static JsonNode? Of(object? value, string file)
    {
        int left = MaximumValues;
        return Convert(value, 0);

        JsonNode? Convert(object? v, int depth)
        {
            if (depth > MaximumDepth || --left < 0) throw PickleRefusal.Damaged(file, "a value that should be nnU-Net's plan is nested too deeply");
            return v switch
            {
                string s => JsonValue.Create(s),
                bool b => JsonValue.Create(b),
                long n => n is >= int.MinValue and <= int.MaxValue ? JsonValue.Create((int)n) : JsonValue.Create(n),
                double d when double.IsFinite(d) => JsonValue.Create(d),
                object?[] tuple => new JsonArray([.. tuple.Select(i => Convert(i, depth + 1))]),
                List<object?> list => new JsonArray([.. list.Select(i => Convert(i, depth + 1))]),
                Dictionary<string, object?> dict => new JsonObject(dict.Select(p => KeyValuePair.Create(p.Key, Convert(p.Value, depth + 1)))),
                _ => null,
            };
        }
    }
}
