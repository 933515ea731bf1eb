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
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            if (s_signs.TryGetValue(c, out string? sign)) result.Append(sign);
            else if (IsMinus(text, i)) result.Append("$-$");
            else result.Append(char.IsControl(c) || char.GetUnicodeCategory(c) == UnicodeCategory.LineSeparator ? ' ' : c);
        }
        return result.ToString();
    }

    /// <summary>A hyphen that begins a number.</summary>
    static bool IsMinus(string text, int i) => text[i] == '-' && (i == 0 || text[i - 1] is ' ' or '[') && i + 1 < text.Length && char.IsAsciiDigit(text[i + 1]);
}
