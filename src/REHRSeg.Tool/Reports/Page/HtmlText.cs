using System.Globalization;
using System.Net;

namespace REHRSeg.Tool;

/// <summary>Text and numbers of the page.</summary>
internal static class HtmlText
{
    public static string Escape(string text) => WebUtility.HtmlEncode(text);

    /// <summary>A measure with as many digits as it is read with: three for shares, two for mm and dB.</summary>
    public static string Number(string measure, double value) =>
        double.IsNaN(value) ? "–" : double.IsPositiveInfinity(value) ? "∞" : value.ToString(IsShare(measure) ? "0.000" : "0.00", CultureInfo.InvariantCulture);

    public static string Signed(string measure, double value) => double.IsFinite(value) ? value.ToString(IsShare(measure) ? "+0.000;−0.000;0.000" : "+0.00;−0.00;0.00", CultureInfo.InvariantCulture) : "–";

    public static string Share(double value, string form = "0.000") => double.IsFinite(value) ? value.ToString(form, CultureInfo.InvariantCulture) : "–";

    public static string PValue(double p) => !double.IsFinite(p) ? "–" : p < 0.001 ? "&lt; 0.001" : p.ToString(p < 0.1 ? "0.000" : "0.00", CultureInfo.InvariantCulture);

    /// <summary>DSC is Dice, HD95 has its unit.</summary>
    public static string Title(string grid, string measure) => $"{grid} {measure}{Unit(measure)}";

    public static string Unit(string measure) => measure switch { "HD95" => " (mm)", "PSNR" => " (dB)", _ => "" };

    public static bool LowerIsBetter(string measure) => measure == "HD95";

    static bool IsShare(string measure) => measure is "DSC" or "SSIM";
}
