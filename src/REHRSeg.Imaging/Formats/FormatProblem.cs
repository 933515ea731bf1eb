namespace REHRSeg.Imaging;

/// <summary>The one form of complaints about a file's content.</summary>
static class FormatProblem
{
    const int MaxShown = 80;

    /// <summary>An exception that names file, field, value and what to do.</summary>
    internal static VolumeFormatException Invalid(string file, string field, object value, string remedy, Exception? inner = null) =>
        new($"{file}: {field} is {Shown(value)}; {remedy}.", inner);

    /// <summary>The value on one line of bounded length, without control characters: it may come from a hostile file.</summary>
    static string Shown(object value)
    {
        string text = FormattableString.Invariant($"{value}");
        if (text.Length > MaxShown && value is string) text = text[..MaxShown] + "...";
        return text.Length == 0 ? "empty" : string.Create(text.Length, text, (shown, from) =>
        {
            for (int i = 0; i < from.Length; i++) shown[i] = char.IsControl(from[i]) ? '?' : from[i];
        });
    }
}
