using SkiaSharp;

namespace REHRSeg.Tool;

/// <summary>Colours that stay apart without red-green vision (after Okabe and Ito), on black and on white.</summary>
internal static class PanelColours
{
    public const string Truth = "#56b4e9", Prediction = "#ff9d2e", Confused = "#e78ac3";

    static readonly string[] s_classes = ["#4db39e", "#b59ae0", "#e8c95c", "#8fa7b8", "#d98a6c", "#9dbb63"];

    /// <summary>Of a foreground class, by its value.</summary>
    public static string Class(int value) => s_classes[(Math.Max(value, 1) - 1) % s_classes.Length];

    public static SKColor OfClass(int value) => SKColor.Parse(Class(value));
}
