using System.Text.Json;
using REHRSeg.Imaging;

namespace REHRSeg.Tool;

/// <summary>JSON files that an experiment or a training leaves.</summary>
internal static class ResultFile
{
    /// <exception cref="DatasetException">The file is damaged; names it, the cause and the remedy.</exception>
    public static T Read<T>(string file) where T : class
    {
        try
        {
            return JsonSerializer.Deserialize<T>(File.ReadAllText(file), ToolConsole.JsonForm) ?? throw Damaged(file, "it holds null.");
        }
        catch (Exception e) when (e is JsonException or NotSupportedException)
        {
            throw Damaged(file, e.Message, e);
        }
    }

    public static DatasetException Damaged(string file, string cause, Exception? inner = null) => new($"{file} is damaged: {cause} Restore it; or remove it, and repeat the command that made it, which writes it again.", inner);
}
