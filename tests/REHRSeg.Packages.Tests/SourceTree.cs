namespace REHRSeg.Packages.Tests;

/// <summary>A copy of the sources that REHRSeg.Imaging is built from, without git: what a source archive holds.</summary>
sealed class SourceTree
{
    static readonly string[] s_rootFiles = ["Directory.Build.props", "Directory.Build.targets", "Directory.Packages.props", "global.json", "NuGet.config", ".editorconfig", ".gitignore"];
    readonly PackedFeed _feed;

    SourceTree(PackedFeed feed, string folder) => (_feed, Folder) = (feed, folder);

    public string Folder { get; }

    public string Assembly => Path.Combine(Folder, "src", "REHRSeg.Imaging", "bin", "Release", "net10.0", "REHRSeg.Imaging.dll");

    public static SourceTree Copy(PackedFeed feed, string name)
    {
        var tree = new SourceTree(feed, feed.NewFolder(name));
        string source = Path.Combine(BuildInfo.RepositoryRoot, "src");
        var files = s_rootFiles.Select(f => Path.Combine(BuildInfo.RepositoryRoot, f)).Concat(Directory.GetFiles(source))
            .Concat(Directory.GetDirectories(Path.Combine(source, "REHRSeg.Imaging")).Where(d => Path.GetFileName(d) is not ("bin" or "obj")).SelectMany(d => Directory.GetFiles(d, "*", SearchOption.AllDirectories)))
            .Concat(Directory.GetFiles(Path.Combine(source, "REHRSeg.Imaging")));
        foreach (string file in files)
        {
            string copy = Path.Combine(tree.Folder, Path.GetRelativePath(BuildInfo.RepositoryRoot, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
        return tree;
    }

    /// <summary>A clone of this tree's last commit alone.</summary>
    public SourceTree CloneShallow(string name)
    {
        var clone = new SourceTree(_feed, Path.Combine(_feed.Root, name));
        Command.Run(_feed.Root, "git", "clone", "--quiet", "--depth", "1", "--no-tags", new Uri(Folder).AbsoluteUri, clone.Folder);
        return clone;
    }

    public void Git(params string[] args) => Command.Run(Folder, "git", ["-c", "user.name=test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false", "-c", "tag.gpgsign=false", .. args]);

    /// <summary>Packs REHRSeg.Imaging.</summary>
    public (Nupkg Package, Nupkg Symbols) Pack()
    {
        string output = Path.Combine(Folder, "bin", "packed");
        if (Directory.Exists(output)) Directory.Delete(output, recursive: true);
        Dotnet([], "pack", Project, "-c", "Release", "-o", output);
        return (new(Directory.GetFiles(output, "*.nupkg").Single()), new(Directory.GetFiles(output, "*.snupkg").Single()));
    }

    /// <summary>The version that a build would give its packages.</summary>
    public string Version(params (string, string)[] environment)
        => Dotnet(environment, "msbuild", Project, "-restore", "-v:q", "-p:Configuration=Release", "-t:MinVer", "-getProperty:PackageVersion").Trim();

    string Dotnet((string, string)[] environment, params string[] args)
        => Command.Run(Folder, Environment.ProcessPath!, [("NUGET_PACKAGES", Path.Combine(_feed.Root, "packages")), .. environment], args);

    string Project => Path.Combine(Folder, "src", "REHRSeg.Imaging");
}
