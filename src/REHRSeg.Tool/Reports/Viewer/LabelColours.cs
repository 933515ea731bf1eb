namespace REHRSeg.Tool;

/// <summary>One colour per label value, the same in every part of a report: the palette of Okabe and Ito (2008), which the colour-blind can tell apart, without its black and ordered so that the first ones differ most on grey.</summary>
internal static class LabelColours
{
    static readonly LabelColour[] s_palette =
    [
        new(0x00, 0x9E, 0x73), // bluish green
        new(0xCC, 0x79, 0xA7), // reddish purple
        new(0xF0, 0xE4, 0x42), // yellow
        new(0xD5, 0x5E, 0x00), // vermilion
        new(0x00, 0x72, 0xB2), // blue
        new(0x56, 0xB4, 0xE9), // sky blue, which is truth in the panels
        new(0xE6, 0x9F, 0x00), // orange, which is near the panels' prediction
    ];

    /// <summary>How many values have a colour of their own; later ones repeat the palette, lighter each time.</summary>
    public static int Distinct => s_palette.Length;

    /// <summary>The colour of a foreground value, from 1 on.</summary>
    public static LabelColour Of(int value)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(value, 1);
        var colour = s_palette[(value - 1) % s_palette.Length];
        double white = 1 - Math.Pow(0.6, (value - 1) / s_palette.Length);
        byte Lighter(byte channel) => (byte)Math.Round(channel + white * (255 - channel));
        return new(Lighter(colour.Red), Lighter(colour.Green), Lighter(colour.Blue));
    }
}

/// <summary>An opaque sRGB colour.</summary>
internal readonly record struct LabelColour(byte Red, byte Green, byte Blue)
{
    /// <summary>As CSS and SVG have it, for example <c>#e69f00</c>.</summary>
    public string Hex => $"#{Red:x2}{Green:x2}{Blue:x2}";
}
