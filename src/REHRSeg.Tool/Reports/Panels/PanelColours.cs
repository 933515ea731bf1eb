using SkiaSharp;

namespace REHRSeg.Tool;

/// <summary>Colours of outlines and classes: the palette of Okabe and Ito (2008), which stays apart without red-green vision, on black and on white.</summary>
internal static class PanelColours
{
    public const string Truth = "#56b4e9", Prediction = "#ff9d2e", Confused = "#e6e6e6";

    /// <summary>Of a foreground class, by its value.</summary>
    public static string Class(int value) => LabelColours.Of(value).Hex;

    public static SKColor OfClass(int value) => SKColor.Parse(Class(value));
}
