using System.Reflection;
using System.Text;
using System.Text.Json;

namespace REHRSeg.Tool;

/// <summary>Grids: the built-in ones (the paper's Tables 2 to 6) and JSON files of the form that <c>grid.schema.json</c> describes.</summary>
internal static class GridFile
{
    const string Folder = "grids/", Ending = ".json";
    const long LargestFile = 1 << 20;

    static readonly Assembly s_assembly = typeof(GridFile).Assembly;

    /// <summary>Names of the built-in grids.</summary>
    public static IReadOnlyList<string> BuiltIn { get; } =
        [.. s_assembly.GetManifestResourceNames().Where(n => n.StartsWith(Folder, StringComparison.Ordinal)).Select(n => n[Folder.Length..^Ending.Length]).Order(StringComparer.Ordinal)];

    /// <summary>A built-in grid, or one from a file; with what cells inherit merged in, and checked as far as the file alone allows.</summary>
    /// <exception cref="UsageException">Names file, place, value and remedy.</exception>
    public static ExperimentGrid Load(string nameOrPath)
    {
        if (BuiltIn.Contains(nameOrPath))
        {
            using var resource = s_assembly.GetManifestResourceStream(Folder + nameOrPath + Ending)!;
            using var reader = new StreamReader(resource);
            return Parse($"built-in grid {nameOrPath}", reader.ReadToEnd());
        }
        if (nameOrPath.Length == 0) throw new UsageException($"--grid is empty; name a JSON file, or one of {string.Join(", ", BuiltIn)}.");
        if (!File.Exists(nameOrPath))
            throw new UsageException($"--grid {nameOrPath}: {(Directory.Exists(nameOrPath) ? "this is a folder" : "there is no such file")}; name a JSON file, or one of {string.Join(", ", BuiltIn)}.");
        if (new FileInfo(nameOrPath).Length > LargestFile) throw new UsageException($"--grid {nameOrPath} has more than {LargestFile} bytes; it is not a grid.");
        try
        {
            return Parse(nameOrPath, new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(File.ReadAllBytes(nameOrPath)).TrimStart('\uFEFF'));
        }
        catch (DecoderFallbackException e)
        {
            throw new UsageException($"{nameOrPath} is not UTF-8 text (byte {e.Index}); save it as UTF-8.");
        }
    }

    /// <param name="file">Name for errors.</param>
    /// <param name="json">Content.</param>
    internal static ExperimentGrid Parse(string file, string json)
    {
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(json);
        }
        catch (JsonException e)
        {
            throw new UsageException($"{file}, line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1}: this is not JSON ({Cause(e)}).");
        }
        using (document) return GridReader.Read(file, document.RootElement);
    }

    static string Cause(JsonException e)
    {
        int position = e.Message.IndexOf(" LineNumber:", StringComparison.Ordinal);
        return (position < 0 ? e.Message : e.Message[..position]).TrimEnd('.');
    }
}
