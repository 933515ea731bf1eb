using System.Globalization;
using System.Text;

namespace REHRSeg.Tool;

/// <summary>Plain text for LaTeX: what has a meaning there is escaped, signs that its standard fonts lack become mathematics.</summary>
internal static class LatexText
{
    static readonly Dictionary<char, string> s_signs = new()
    {
        ['\\'] = "\\textbackslash{}", ['{'] = "\\{", ['}'] = "\\}", ['$'] = "\\$", ['&'] = "\\&", ['#'] = "\\#", ['%'] = "\\%", ['_'] = "\\_", ['~'] = "\\textasciitilde{}", ['^'] = "\\textasciicircum{}",
        ['<'] = "$<$", ['>'] = "$>$", ['|'] = "$|$", ['"'] = "\\textquotedbl{}", ['±'] = "$\\pm$", ['†'] = "$\\dagger$", ['×'] = "$\\times$", ['−'] = "$-$", ['≥'] = "$\\geq$", ['≤'] = "$\\leq$", ['→'] = "$\\rightarrow$", ['★'] = "$\\star$",
        ['α'] = "$\\alpha$", ['β'] = "$\\beta$", ['γ'] = "$\\gamma$", ['δ'] = "$\\delta$", ['ε'] = "$\\epsilon$", ['λ'] = "$\\lambda$", ['μ'] = "$\\mu$", ['σ'] = "$\\sigma$", ['τ'] = "$\\tau$", ['Δ'] = "$\\Delta$",
        ['['] = "{[}", [']'] = "{]}", // after \\ a bracket would be a length
    };

    public static string Escape(string text)
    {
        var result = new StringBuilder();
        foreach (char c in text) result.Append(s_signs.TryGetValue(c, out string? sign) ? sign : char.IsControl(c) || char.GetUnicodeCategory(c) == UnicodeCategory.LineSeparator ? " " : c.ToString());
        return result.ToString();
    }
}
