using System.IO.Compression;
using System.Xml.Linq;

namespace REHRSeg.Packages.Tests;

/// <summary>A .nupkg or .snupkg, read whole.</summary>
sealed class Nupkg
{
    readonly string _path;
    readonly XElement _metadata;

    public Nupkg(string path)
    {
        _path = path;
        using var zip = ZipFile.OpenRead(path);
        Files = [.. zip.Entries.Select(e => e.FullName).Order(StringComparer.Ordinal)];
        using var nuspec = zip.Entries.Single(e => e.FullName.EndsWith(".nuspec", StringComparison.Ordinal) && !e.FullName.Contains('/')).Open();
        _metadata = XDocument.Load(nuspec).Root!.Elements().Single(e => e.Name.LocalName == "metadata");
    }

    public string FileName => Path.GetFileName(_path);

    /// <summary>All entries, in ordinal order.</summary>
    public IReadOnlyList<string> Files { get; }

    /// <summary>Entries that NuGet does not make for itself.</summary>
    public IEnumerable<string> Content => Files.Where(f => f != "[Content_Types].xml" && f != "_rels/.rels" && !f.StartsWith("package/services/", StringComparison.Ordinal) && !f.EndsWith(".nuspec", StringComparison.Ordinal));

    public string Id => Value("id")!;

    public string Version => Value("version")!;

    /// <summary>Text of a field of the nuspec; null: it has none.</summary>
    public string? Value(string field) => Field(field)?.Value;

    public XElement? Field(string field) => _metadata.Elements().SingleOrDefault(e => e.Name.LocalName == field);

    /// <summary>"ID VERSION", of the one group for net10.0.</summary>
    public IEnumerable<string> Dependencies
    {
        get
        {
            var group = Field("dependencies")!.Elements().Single();
            Assert.Equal("net10.0", group.Attribute("targetFramework")!.Value);
            return group.Elements().Select(d => $"{d.Attribute("id")!.Value} {d.Attribute("version")!.Value}");
        }
    }

    public XDocument Xml(string file) => XDocument.Load(new MemoryStream(Read(file)));

    public byte[] Read(string file)
    {
        using var zip = ZipFile.OpenRead(_path);
        using var entry = zip.GetEntry(file)!.Open();
        using var copy = new MemoryStream();
        entry.CopyTo(copy);
        return copy.ToArray();
    }
}
