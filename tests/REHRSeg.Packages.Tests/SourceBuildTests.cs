using System.Reflection;
using System.Reflection.Metadata;
using System.Text;

namespace REHRSeg.Packages.Tests;

/// <summary>Builds from a source archive, a repository, and a shallow clone: versions, source links, same bytes from same sources.</summary>
[Collection(PackedFeedCollection.Name)]
public sealed class SourceBuildTests(PackedFeed feed)
{
    static readonly Guid s_sourceLink = new("CC110556-A091-4D38-9FEC-25AB9A351A6A");

    [Fact]
    public void An_archive_builds_without_git_to_the_same_bytes_in_any_folder_and_a_repository_gives_version_and_sources()
    {
        SourceTree first = SourceTree.Copy(feed, "archive"), tree = SourceTree.Copy(feed, Path.Combine("elsewhere", "another-archive"));
        var (package, symbols) = first.Pack();
        Assert.Equal("0.1.0-alpha.0", package.Version);
        Assert.Null(package.Field("repository")?.Attribute("commit"));
        var (samePackage, sameSymbols) = tree.Pack();
        Assert.Equal(package.Content, samePackage.Content);
        Assert.All(package.Content, file => Assert.Equal(package.Read(file), samePackage.Read(file)));
        Assert.All(symbols.Content, file => Assert.Equal(symbols.Read(file), sameSymbols.Read(file)));

        tree.Git("init", "--quiet");
        Assert.Equal("0.1.0-alpha.0", tree.Version());
        tree.Git("add", ".");
        tree.Git("commit", "--quiet", "-m", "first");
        tree.Git("commit", "--quiet", "--allow-empty", "-m", "second");
        Assert.Equal("0.1.0-alpha.0.1", tree.Version());
        Assert.Equal("0.1.0-alpha.0", tree.CloneShallow("shallow").Version());
        Assert.Equal("0.1.0-alpha.0", tree.Version(("PATH", FolderWithoutGit())));
        tree.Git("tag", "v0.3.1");
        tree.Git("remote", "add", "origin", "https://github.com/example/rehrseg.git");

        var (released, releasedSymbols) = tree.Pack();
        Assert.Equal("0.3.1", released.Version);
        var repository = released.Field("repository")!;
        Assert.Equal(("git", "https://github.com/example/rehrseg"), (repository.Attribute("type")!.Value, repository.Attribute("url")!.Value.Replace(".git", "")));
        Assert.Equal($$$"""{"documents":{"/_/*":"https://raw.githubusercontent.com/example/rehrseg/{{{repository.Attribute("commit")!.Value}}}/*"}}""", SourceLink(releasedSymbols));
        // Saved models name it: it must not follow the package's version.
        Assert.Equal(new Version(0, 1, 0, 0), AssemblyName.GetAssemblyName(tree.Assembly).Version);
        // An archive that was unpacked inside another repository.
        Assert.Equal("0.1.0-alpha.0", SourceTree.Copy(feed, Path.Combine("elsewhere", "another-archive", "nested")).Version());
    }

    /// <summary>A search path on which MSBuild finds a shell and no git.</summary>
    string FolderWithoutGit()
    {
        string folder = feed.NewFolder("no-git");
        if (!OperatingSystem.IsWindows()) File.CreateSymbolicLink(Path.Combine(folder, "sh"), "/bin/sh");
        return folder;
    }

    static string SourceLink(Nupkg symbols)
    {
        using var provider = MetadataReaderProvider.FromPortablePdbStream(new MemoryStream(symbols.Read("lib/net10.0/REHRSeg.Imaging.pdb")));
        var pdb = provider.GetMetadataReader();
        var link = pdb.GetCustomDebugInformation(EntityHandle.ModuleDefinition).Select(pdb.GetCustomDebugInformation).Single(c => pdb.GetGuid(c.Kind) == s_sourceLink);
        return Encoding.UTF8.GetString(pdb.GetBlobBytes(link.Value));
    }
}
