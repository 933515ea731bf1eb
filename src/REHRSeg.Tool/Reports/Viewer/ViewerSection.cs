using System.IO.Compression;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using REHRSeg.Imaging;

namespace REHRSeg.Tool;

/// <summary>
/// A part of an HTML page in which cases can be looked at in slices and in 3-D, drawn by NiiVue (Reports/vendor). Everything is in the text: volumes, script,
/// style and library; nothing is fetched. Under a content security policy it needs <c>script-src 'unsafe-inline' blob:</c>, <c>style-src 'unsafe-inline'</c>, <c>img-src data: blob:</c>.
/// </summary>
internal static partial class ViewerSection
{
    /// <summary>Voxels of one volume above which it is cut to the surroundings of its labels, and then thinned.</summary>
    public const int MostVoxels = 4_000_000;

    /// <summary>The section, to be placed anywhere in a page's body.</summary>
    /// <param name="cases">What can be chosen; the first is shown first.</param>
    /// <param name="mostVoxels">See <see cref="MostVoxels"/>.</param>
    /// <exception cref="DatasetException">A case has no image, or a volume lies elsewhere in space.</exception>
    /// <exception cref="VolumeFormatException">A label is not an integer from 0 to 255.</exception>
    public static string Html(IReadOnlyList<ViewerCase> cases, int mostVoxels = MostVoxels)
    {
        ArgumentOutOfRangeException.ThrowIfZero(cases.Count);
        ArgumentOutOfRangeException.ThrowIfLessThan(mostVoxels, 1);
        EmbeddedCase[] embedded = [.. cases.Select(c => EmbeddedCase.Create(c, mostVoxels))];
        var volumes = new StringBuilder();
        for (int c = 0; c < embedded.Length; c++)
            for (int v = 0; v < embedded[c].Volumes.Count; v++)
                volumes.Append("<script type=\"text/plain\" data-part=\"volume-").Append(c).Append('-').Append(v).Append("\">").Append(embedded[c].Volumes[v].Base64).Append("</script>\n");
        string section = Placeholder().Replace(ReadText("viewer.html"), match => match.Groups[1].Value switch
        {
            "cases" => JsonSerializer.Serialize(embedded.Select(Describe)),
            "volumes" => volumes.ToString(),
            "library" => Library(),
            "licences" => WebUtility.HtmlEncode(Licences()),
            var unknown => throw new InvalidOperationException($"viewer.html names {unknown}, which nothing fills in."),
        });
        return $"<style>\n{ReadText("viewer.css")}</style>\n{section}<script type=\"module\">\n{ReadText("volumes.js")}\n{ReadText("scene.js")}\n{ReadText("viewer.js")}</script>\n";
    }

    /// <summary>What viewer.js reads. The default encoder escapes all that could end the element.</summary>
    static object Describe(EmbeddedCase embedded) => new
    {
        id = embedded.Case.Id,
        notes = embedded.Notes,
        labels = embedded.Labels.Select(l => new { value = l.Value, name = l.Name, colour = new int[] { LabelColours.Of(l.Value).Red, LabelColours.Of(l.Value).Green, LabelColours.Of(l.Value).Blue } }),
        volumes = embedded.Case.Volumes.Select((volume, i) => new
        {
            name = volume.Name, role = volume.Role.ToString().ToLowerInvariant(), low = embedded.Volumes[i].Low, high = embedded.Volumes[i].High, shown = embedded.IsShown(volume), outlined = embedded.IsOutlined(volume),
        }),
    };

    /// <summary>NiiVue's file, which is 2.3 MB, as 1.1 MB of base64 that the page inflates when the viewer opens.</summary>
    static string Library()
    {
        using var compressed = new MemoryStream();
        using (var gzip = new GZipStream(compressed, CompressionLevel.SmallestSize, leaveOpen: true))
        using (var library = Open("vendor/niivue.umd.js")) library.CopyTo(gzip);
        return Convert.ToBase64String(compressed.GetBuffer(), 0, (int)compressed.Length);
    }

    static string Licences()
    {
        const string folder = "Reports/vendor/licenses/";
        var names = typeof(ViewerSection).Assembly.GetManifestResourceNames().Where(n => n.StartsWith(folder, StringComparison.Ordinal)).OrderBy(n => n != folder + "niivue.txt").ThenBy(n => n, StringComparer.Ordinal);
        return string.Join("\n", names.Select(n => $"---- {Path.GetFileNameWithoutExtension(n)} ----\n\n{ReadText(n["Reports/".Length..])}"));
    }

    static string ReadText(string name)
    {
        using var reader = new StreamReader(Open(name.Contains('/') ? name : "Viewer/" + name));
        return reader.ReadToEnd();
    }

    static Stream Open(string name) => typeof(ViewerSection).Assembly.GetManifestResourceStream("Reports/" + name) ?? throw new InvalidOperationException($"The tool was built without its resource Reports/{name}.");

    [GeneratedRegex(@"\{\{(\w+)\}\}")]
    private static partial Regex Placeholder();
}
