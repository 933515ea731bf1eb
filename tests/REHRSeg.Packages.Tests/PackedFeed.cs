using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace REHRSeg.Packages.Tests;

/// <summary>
/// Packs the solution, as it was built, into a local feed, and makes the folder outside the repository in which consumers of that feed live:
/// it sees the feed and the machine's own package sources, and keeps what it installs to itself.
/// </summary>
public sealed partial class PackedFeed : IDisposable
{
    public PackedFeed()
    {
        _built = new(() => new(this));
        try
        {
            Command.Dotnet(BuildInfo.RepositoryRoot, "pack", "REHRSeg.sln", "-c", BuildInfo.Configuration, "--no-build", "-m:1", "-o", Folder);
            Packages = [.. Directory.GetFiles(Folder).Order(StringComparer.Ordinal).Select(f => new Nupkg(f))];
            WriteConfiguration();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    readonly Lazy<BuiltConsumers> _built;

    public string Root { get; } = Directory.CreateTempSubdirectory("rehrseg-packages-").FullName;

    public string Folder => Path.Combine(Root, "feed");

    public string Consumers => Path.Combine(Root, "consumers");

    internal IReadOnlyList<Nupkg> Packages { get; }

    internal Nupkg Package(string id) => Packages.Single(p => p.Id == id && p.FileName.EndsWith(".nupkg", StringComparison.Ordinal));

    internal Nupkg Symbols(string id) => Packages.Single(p => p.Id == id && p.FileName.EndsWith(".snupkg", StringComparison.Ordinal));

    /// <summary>The consumers' programs; built when first asked for.</summary>
    internal BuiltConsumers Built => _built.Value;

    /// <summary>The one version of all packages.</summary>
    public string Version => Packages[0].Version;

    /// <summary>An empty folder under <see cref="Root"/>.</summary>
    public string NewFolder(string name) => Directory.CreateDirectory(Path.Combine(Root, name)).FullName;

    /// <summary>Runs dotnet among the consumers, with their own package folder.</summary>
    public string Dotnet(params string[] args) => Command.Run(Consumers, "dotnet", [("NUGET_PACKAGES", Path.Combine(Root, "packages"))], args);

    void WriteConfiguration()
    {
        Directory.CreateDirectory(Consumers);
        // A source that only a NuGet.config above the repository names is not seen from here.
        var unseen = Sources(BuildInfo.RepositoryRoot).Except(Sources(Root)).ToArray();
        new XElement("configuration",
            new XElement("packageSources", new XElement("add", new XAttribute("key", "packed"), new XAttribute("value", Folder)),
                unseen.Select(s => new XElement("add", new XAttribute("key", s.Name), new XAttribute("value", s.Address)))),
            new XElement("fallbackPackageFolders", new XElement("add", new XAttribute("key", "user"), new XAttribute("value", BuildInfo.PackageFolder))))
            .Save(Path.Combine(Root, "NuGet.config"));

        XElement Pinned(string id, string version) => new("PackageVersion", new XAttribute("Include", id), new XAttribute("Version", $"[{version}]"));
        new XElement("Project",
            new XElement("PropertyGroup", new XElement("ManagePackageVersionsCentrally", "true")),
            new XElement("ItemGroup", Packages.Select(p => p.Id).Distinct().Select(id => Pinned(id, Version)),
                BuildInfo.Versions.Where(v => v.Key.StartsWith("libtorch-cpu-", StringComparison.Ordinal) || v.Key == "Microsoft.ML.OnnxRuntime").Select(v => Pinned(v.Key, v.Value))))
            .Save(Path.Combine(Consumers, "Directory.Packages.props"));

        new XElement("Project", new XElement("PropertyGroup",
            new XElement("TargetFramework", "net10.0"), new XElement("Nullable", "enable"), new XElement("ImplicitUsings", "enable"), new XElement("TreatWarningsAsErrors", "true"),
            new XElement("NoWarn", "$(NoWarn);NU1507;NU1603"), // several sources without a mapping; a mirror with a later patch of a transitive package
            new XElement("HostRid", BuildInfo.HostRid),
            new XElement("CreateHardLinksForCopyLocalIfPossible", "true"), new XElement("CreateHardLinksForPublishFilesIfPossible", "true")))
            .Save(Path.Combine(Consumers, "Directory.Build.props"));
    }

    static (string Name, string Address)[] Sources(string folder)
        => [.. EnabledSource().Matches(Command.Dotnet(folder, "nuget", "list", "source", "--format", "Detailed")).Select(m => (m.Groups[1].Value, m.Groups[2].Value))];

    [GeneratedRegex(@"^\s*\d+\.\s+(.+) \[Enabled\]\s*\n\s*(\S.*?)\s*$", RegexOptions.Multiline)]
    private static partial Regex EnabledSource();

    public void Dispose() => Directory.Delete(Root, recursive: true);
}

/// <summary>All tests that need the feed, one after the other.</summary>
[CollectionDefinition(Name)]
public sealed class PackedFeedCollection : ICollectionFixture<PackedFeed>
{
    public const string Name = "packed feed";
}
