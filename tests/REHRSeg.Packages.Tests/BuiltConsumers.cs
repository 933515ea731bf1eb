using System.Text;

namespace REHRSeg.Packages.Tests;

/// <summary>The projects of <c>Consumers/</c>, built outside the repository against the packed packages.</summary>
sealed class BuiltConsumers
{
    public BuiltConsumers(PackedFeed feed)
    {
        string source = Path.Combine(AppContext.BaseDirectory, "Consumers");
        string[] projects = [.. Directory.GetFiles(source, "*.csproj", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(source, f))];
        foreach (string file in Directory.GetFiles(source, "*", SearchOption.AllDirectories))
        {
            string copy = Path.Combine(feed.Consumers, Path.GetRelativePath(source, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
        foreach (string id in (string[])["REHRSeg.Imaging", "REHRSeg.Onnx", "REHRSeg", "REHRSeg.Tool"])
            File.WriteAllText(Path.Combine(feed.Consumers, "Readme", id + ".cs"), ReadmeExample.AsClass(id, Encoding.UTF8.GetString(feed.Package(id).Read("PACKAGE.md"))));
        File.WriteAllText(Path.Combine(feed.Consumers, "Consumers.slnx"), $"<Solution>{string.Concat(projects.Select(p => $"<Project Path=\"{p.Replace('\\', '/')}\" />"))}</Solution>");
        feed.Dotnet("build", "Consumers.slnx", "-c", "Release");
        // The packages under test came from the feed, and the user's own package folder was left alone.
        foreach (string id in (string[])["rehrseg", "rehrseg.onnx", "rehrseg.imaging"])
        {
            Assert.True(Directory.Exists(Path.Combine(feed.Root, "packages", id, feed.Version)), id);
            Assert.False(Directory.Exists(Path.Combine(BuildInfo.PackageFolder, id, feed.Version)), id);
        }
        Folder = feed.Consumers;
    }

    public string Folder { get; }

    /// <summary>The built program's assembly.</summary>
    public string Program(string project, params string[] platform) => Path.Combine([Folder, project, "bin", "Release", "net10.0", .. platform, project + ".dll"]);
}

/// <summary>The C# example of a package's readme.</summary>
static class ReadmeExample
{
    /// <summary>The example as a method of a class, below its using lines.</summary>
    public static string AsClass(string id, string readme)
    {
        string[] code = readme.Split("```csharp\n")[1].Split("\n```")[0].Split('\n');
        var usings = code.TakeWhile(line => line.StartsWith("using ", StringComparison.Ordinal) && line.EndsWith(';'));
        return $"{string.Join('\n', usings)}\n\npublic static class Example_{id.Replace('.', '_')}\n{{\n    public static void Run()\n    {{\n{string.Join('\n', code.Skip(usings.Count()))}\n    }}\n}}\n";
    }
}
