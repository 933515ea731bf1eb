using SkiaSharp;

namespace REHRSeg.Tool;

/// <summary>Colours of outlines and classes: the palette of Okabe and Ito (2008), which stays apart without red-green vision, on black and on white.</summary>
internal static class PanelColours
{
    public const string Truth = "#56b4e9", Prediction = "#ff9d2e", Confused = "#e6e6e6";

    // Bluish green, reddish purple, yellow, vermilion, blue: sky blue and orange are truth and prediction.
    static readonly string[] s_classes = ["#009e73", "#cc79a7", "#f0e442", "#d55e00", "#0072b2"];

    /// <summary>Of a foreground class, by its value.</summary>
    public static string Class(int value) => s_classes[(Math.Max(value, 1) - 1) % s_classes.Length];

    public static SKColor OfClass(int value) => SKColor.Parse(Class(value));
}
