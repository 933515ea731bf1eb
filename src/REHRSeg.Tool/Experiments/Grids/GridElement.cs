using System.Text.Json;

namespace REHRSeg.Tool;

/// <summary>A JSON value of a grid file that knows where it stands, so that every complaint names file, place and value.</summary>
internal readonly record struct GridElement(string File, string Path, JsonElement Value)
{
    const int LongestShown = 60, LongestText = 200;

    public UsageException Error(string complaint) => new($"{File}: {Path} {complaint}");

    /// <summary>A wrong value, and what it must be.</summary>
    public UsageException Wrong(string expected) => Error($"is {Shown()}; it must be {expected}.");

    /// <summary>The properties of an object; those that are unknown or given twice are refused.</summary>
    public Dictionary<string, GridElement> Object(params string[] known)
    {
        var members = Members();
        foreach (var (name, member) in members)
            if (!known.Contains(name)) throw member.Error($"is not a property of this object; it has {string.Join(", ", known)}.");
        return members;
    }

    /// <summary>The properties of an object whose names are free.</summary>
    public Dictionary<string, GridElement> Members()
    {
        if (Value.ValueKind != JsonValueKind.Object) throw Wrong("an object");
        var result = new Dictionary<string, GridElement>(StringComparer.Ordinal);
        foreach (var property in Value.EnumerateObject())
        {
            string name = Decoded(() => property.Name);
            if (!result.TryAdd(name, new(File, $"{Path}.{(name.Contains('.') ? JsonSerializer.Serialize(name) : name)}", property.Value))) throw result[name].Error("is given twice.");
        }
        return result;
    }

    /// <summary>The entries of an array.</summary>
    public GridElement[] Array()
    {
        if (Value.ValueKind != JsonValueKind.Array) throw Wrong("an array");
        var (file, path) = (File, Path);
        return [.. Value.EnumerateArray().Select((value, i) => new GridElement(file, $"{path}[{i}]", value))];
    }

    /// <summary>A line of text that is not empty.</summary>
    public string Text()
    {
        if (Value.ValueKind != JsonValueKind.String) throw Wrong("a string");
        var value = Value;
        string text = Decoded(() => value.GetString()!);
        return text.Length is > 0 and <= LongestText && !string.IsNullOrWhiteSpace(text) && !text.Any(char.IsControl) ? text : throw Wrong($"one line of 1 to {LongestText} characters");
    }

    /// <summary>One of some words.</summary>
    public string OneOf(params string[] words) => Value.ValueKind == JsonValueKind.String && Text() is var text && words.Contains(text) ? text : throw Wrong("one of " + string.Join(", ", words));

    public bool Flag() => Value.ValueKind is JsonValueKind.True or JsonValueKind.False ? Value.GetBoolean() : throw Wrong("true or false");

    /// <summary>An option's value as <c>--set</c> takes it: number, boolean, string, or null as nothing.</summary>
    public string Scalar()
    {
        var value = Value;
        return Value.ValueKind switch
        {
            JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False => Value.GetRawText(),
            JsonValueKind.String => Decoded(() => value.GetString()!),
            JsonValueKind.Null => "",
            _ => throw Wrong("a number, a boolean, a string or null"),
        };
    }

    public bool IsNull => Value.ValueKind == JsonValueKind.Null;

    string Shown()
    {
        string text = Value.GetRawText().ReplaceLineEndings(" ");
        return text.Length <= LongestShown ? text : text[..LongestShown] + "...";
    }

    /// <summary>Halves of surrogate pairs can be written in JSON, but are no text.</summary>
    string Decoded(Func<string> read)
    {
        try
        {
            return read();
        }
        catch (InvalidOperationException)
        {
            throw Error("is not valid Unicode text.");
        }
    }
}
