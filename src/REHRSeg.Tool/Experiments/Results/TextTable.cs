using System.Text;
using Spectre.Console;

namespace REHRSeg.Tool;

/// <summary>A field of a table.</summary>
/// <param name="Text">What it says.</param>
/// <param name="Detail">What it says less loudly.</param>
/// <param name="Strong">The best of its column.</param>
internal sealed record TextField(string Text, string Detail = "", bool Strong = false)
{
    public static implicit operator TextField(string text) => new(text);
}

/// <summary>A table of text, in Markdown, in LaTeX (booktabs) and on the console.</summary>
internal sealed record TextTable(string Caption, IReadOnlyList<string> Header, IReadOnlyList<IReadOnlyList<TextField>> Rows)
{
    public string ToMarkdown()
    {
        static string Field(TextField f) => Escaped(f.Text) is var text && f.Strong ? Join($"**{text}**", f.Detail) : Join(text, f.Detail);
        var lines = new StringBuilder();
        lines.Append($"| {string.Join(" | ", Header.Select(Escaped))} |\n|{string.Concat(Header.Select(_ => "---|"))}\n");
        foreach (var row in Rows) lines.Append($"| {string.Join(" | ", row.Select(Field))} |\n");
        return lines.ToString();
    }

    /// <param name="pages">True: a longtable, which may run over several pages; false: a float.</param>
    public string ToLatex(bool pages)
    {
        static string Field(TextField f)
        {
            string text = f.Strong ? $"\\textbf{{{LatexText.Escape(f.Text)}}}" : LatexText.Escape(f.Text);
            return f.Detail.Length == 0 ? text : $"\\shortstack[l]{{{text}\\\\{{\\scriptsize {LatexText.Escape(f.Detail)}}}}}";
        }
        string columns = new('l', Header.Count), caption = $"\\caption{{{LatexText.Escape(Caption)}}}", head = $"\\toprule\n{string.Join(" & ", Header.Select(LatexText.Escape))} \\\\\n\\midrule\n";
        string body = string.Concat(Rows.Select(row => $"{string.Join(" & ", row.Select(Field))} \\\\\n"));
        return pages
            ? $"{{\\small\n\\begin{{longtable}}{{{columns}}}\n{caption} \\\\\n{head}\\endfirsthead\n{head}\\endhead\n\\bottomrule\n\\endfoot\n{body}\\end{{longtable}}\n}}\n"
            : $"\\begin{{table}}\n\\centering\\small\n{caption}\n\\begin{{tabular}}{{{columns}}}\n{head}{body}\\bottomrule\n\\end{{tabular}}\n\\end{{table}}\n";
    }

    public Table ToConsole()
    {
        var table = new Table().Border(TableBorder.Simple).AddColumns([.. Header.Select(Markup.Escape)]);
        foreach (var row in Rows) table.AddRow([.. row.Select(f => f.Strong ? $"[bold]{Markup.Escape(f.Text)}[/]" : Markup.Escape(f.Text))]);
        return table;
    }

    static string Join(string text, string detail) => detail.Length == 0 ? text : $"{text} {Escaped(detail)}";

    /// <summary>What Markdown would take for a column's end, emphasis, a link, code or HTML.</summary>
    static string Escaped(string text)
    {
        var result = new StringBuilder();
        bool link = text.Contains("](", StringComparison.Ordinal);
        foreach (char c in text) result.Append(c is '|' or '*' or '_' or '`' or '\\' or '<' || (c == '[' && link) ? $"\\{c}" : $"{c}");
        return result.ToString();
    }
}
