using System.Reflection;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace REHRSeg.Packages.Tests;

[Collection(PackedFeedCollection.Name)]
public sealed class PackageContentTests(PackedFeed feed)
{
    static readonly string[] s_libraries = ["REHRSeg", "REHRSeg.Imaging", "REHRSeg.Onnx"];

    public static TheoryData<string> Libraries => [.. s_libraries];
    public static TheoryData<string> All => [.. s_libraries, "REHRSeg.Tool", "REHRSeg.Tool." + BuildInfo.HostRid];

    [Fact]
    public void The_solution_packs_the_three_libraries_and_the_tool_and_nothing_else()
    {
        string[] expected = [.. s_libraries.SelectMany(id => new[] { $"{id}.{feed.Version}.nupkg", $"{id}.{feed.Version}.snupkg" }),
            $"REHRSeg.Tool.{feed.Version}.nupkg", $"REHRSeg.Tool.{BuildInfo.HostRid}.{feed.Version}.nupkg"];
        Assert.Equal(expected.Order(StringComparer.Ordinal), feed.Packages.Select(p => p.FileName).Order(StringComparer.Ordinal));
        Assert.All(feed.Packages, p => Assert.Equal(feed.Version, p.Version));
    }

    [Theory, MemberData(nameof(All))]
    public void A_package_says_what_it_is(string id)
    {
        var package = feed.Package(id);
        string readme = Encoding.UTF8.GetString(package.Read(package.Value("readme")!));
        Assert.Equal("PACKAGE.md", package.Value("readme"));
        Assert.StartsWith($"# {(id.StartsWith("REHRSeg.Tool", StringComparison.Ordinal) ? "REHRSeg.Tool" : id)}\n", readme, StringComparison.Ordinal);
        Assert.Contains("ot a medical device", readme, StringComparison.Ordinal);
        Assert.Contains("oad only models from sources you trust", readme, StringComparison.Ordinal);
        Assert.Equal("PNG"u8, package.Read(package.Value("icon")!).AsSpan(1, 3));
        Assert.Equal(("expression", "MIT"), (package.Field("license")!.Attribute("type")!.Value, package.Value("license")));
        Assert.False(string.IsNullOrWhiteSpace(package.Value("description")));
        if (BuildInfo.InGit) Assert.Matches("^[0-9a-f]{40}$", package.Field("repository")!.Attribute("commit")!.Value);
    }

    [Theory, MemberData(nameof(Libraries))]
    public void A_library_package_holds_its_own_assembly_and_documentation_alone(string id)
    {
        var package = feed.Package(id);
        Assert.Equal(new[] { "PACKAGE.md", "icon.png", $"lib/net10.0/{id}.dll", $"lib/net10.0/{id}.xml" }.Order(StringComparer.Ordinal), package.Content);
        Assert.Equal(File.ReadAllBytes(Assembly.Load(id).Location), package.Read($"lib/net10.0/{id}.dll"));
        var documented = package.Xml($"lib/net10.0/{id}.xml").Descendants("member").Select(m => m.Attribute("name")!.Value).ToHashSet();
        // The compiler's own carriers of extension blocks have unspeakable names.
        Assert.All(Assembly.Load(id).GetExportedTypes().Where(t => !t.FullName!.Contains('<')), t => Assert.Contains("T:" + t.FullName!.Replace('+', '.'), documented));
    }

    [Fact]
    public void Dependencies_are_each_other_and_managed_packages()
    {
        var versions = BuildInfo.Versions;
        string Of(string package) => $"{package} {versions[package]}";
        string mlNet = "Microsoft.ML " + versions["Microsoft.ML"].Replace(",", ", ");
        Assert.Equal("Microsoft.ML [5.0.1, 6.0.0)", mlNet);
        Assert.Equal([mlNet, Of("System.Numerics.Tensors")], feed.Package("REHRSeg.Imaging").Dependencies.Order(StringComparer.Ordinal));
        Assert.Equal([Of("Microsoft.ML.OnnxRuntime.Managed"), $"REHRSeg.Imaging {feed.Version}"], feed.Package("REHRSeg.Onnx").Dependencies.Order(StringComparer.Ordinal));
        Assert.Equal([Of("Google.Protobuf"), $"REHRSeg.Onnx {feed.Version}", Of("SkiaSharp"), Of("TorchSharp")], feed.Package("REHRSeg").Dependencies.Order(StringComparer.Ordinal));
        Assert.Null(feed.Package("REHRSeg.Tool").Field("dependencies"));
    }

    /// <summary>The libraries are compiled against copies of ML.NET whose internals are public; no user may need those.</summary>
    [Theory, MemberData(nameof(Libraries))]
    public void Public_signatures_name_types_that_anybody_can_use(string id)
    {
        const BindingFlags declared = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;
        static bool Seen(MethodBase method) => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly;
        foreach (var type in Assembly.Load(id).GetExportedTypes())
        {
            var methods = type.GetMembers(declared).OfType<MethodBase>().Where(Seen).ToArray();
            var named = methods.SelectMany(m => m.GetParameters().Select(p => p.ParameterType))
                .Concat(methods.OfType<MethodInfo>().Select(m => m.ReturnType))
                .Concat(type.GetFields(declared).Where(f => f.IsPublic || f.IsFamily || f.IsFamilyOrAssembly).Select(f => f.FieldType))
                .Concat(type.BaseType is { } b ? [b] : []);
            Assert.All(named, t => Assert.True(Visible(t), $"{type} names {t}"));
        }

        static bool Visible(Type type) => type.IsGenericParameter || (type.HasElementType ? Visible(type.GetElementType()!) : type.IsVisible && type.GenericTypeArguments.All(Visible));
    }

    [Theory, MemberData(nameof(Libraries))]
    public void References_are_the_real_ml_net(string id)
    {
        foreach (var reference in Assembly.Load(id).GetReferencedAssemblies().Where(r => r.Name!.StartsWith("Microsoft.ML", StringComparison.Ordinal)))
            Assert.Equal(Assembly.Load(reference.Name!).GetName().GetPublicKeyToken(), reference.GetPublicKeyToken());
    }

    [Fact]
    public void The_tool_brings_the_natives_of_its_platform_and_no_other()
    {
        Assert.Equal(["PACKAGE.md", "THIRD-PARTY-NOTICES.txt", "icon.png", "tools/any/any/DotnetToolSettings.xml"], feed.Package("REHRSeg.Tool").Content);
        var settings = feed.Package("REHRSeg.Tool").Xml("tools/any/any/DotnetToolSettings.xml");
        Assert.Equal("rehrseg", settings.Descendants("Command").Single().Attribute("Name")!.Value);
        Assert.Equal("REHRSeg.Tool." + BuildInfo.HostRid, settings.Descendants("RuntimeIdentifierPackage").Single().Attribute("Id")!.Value);

        var names = feed.Package("REHRSeg.Tool." + BuildInfo.HostRid).Content.Where(f => f.StartsWith("tools/", StringComparison.Ordinal)).ToArray();
        Assert.All(names, f => Assert.StartsWith($"tools/net10.0/{BuildInfo.HostRid}/", f, StringComparison.Ordinal));
        Assert.Contains(names, f => Path.GetFileNameWithoutExtension(f) is "libtorch_cpu" or "torch_cpu");
        Assert.Contains(names, f => Path.GetFileNameWithoutExtension(f) is "libonnxruntime" or "onnxruntime");
        Assert.Contains(names, f => Path.GetFileNameWithoutExtension(f) is "libSkiaSharp");
        string[] foreign = BuildInfo.HostRid switch { "linux-x64" => [".dylib", ".dbg"], "win-x64" => [".so", ".dylib"], _ => [".so", ".dwarf"] };
        Assert.DoesNotContain(names, f => foreign.Contains(Path.GetExtension(f)) || (BuildInfo.HostRid != "win-x64" && Path.GetFileName(f) == "onnxruntime.dll"));
    }

    [Fact]
    public void The_tool_brings_the_licences_of_the_libraries_in_it()
    {
        var tool = feed.Package("REHRSeg.Tool." + BuildInfo.HostRid);
        string folder = $"tools/net10.0/{BuildInfo.HostRid}/", notices = Encoding.UTF8.GetString(tool.Read("THIRD-PARTY-NOTICES.txt"));
        using var dependencies = JsonDocument.Parse(tool.Read(folder + "REHRSeg.Tool.deps.json"));
        string[] shipped = [.. dependencies.RootElement.GetProperty("targets").EnumerateObject().SelectMany(target => target.Value.EnumerateObject())
            .Where(library => !library.Name.StartsWith("REHRSeg", StringComparison.Ordinal) && (library.Value.TryGetProperty("runtime", out _) || library.Value.TryGetProperty("native", out _)))
            .Select(library => library.Name.Split('/')[0]).Distinct()];
        Assert.Contains("TorchSharp", shipped);
        // A script in the tool's assembly, with what is bundled in it.
        Assert.Contains("NiiVue 0.69.0", notices, StringComparison.Ordinal);
        Assert.All(new[] { "niivue", "fflate", "gl-matrix", "numcodecs", "zstd", "roboto" }, name => Assert.Contains($"{folder}licenses/niivue/{name}.txt", tool.Content));
        Assert.All(shipped, id => Assert.True(tool.Content.Any(f => f.StartsWith($"{folder}licenses/{id}/LICENSE", StringComparison.OrdinalIgnoreCase)) || Regex.IsMatch(notices, $@"(^|[ ,]){Regex.Escape(id)}[,:]", RegexOptions.Multiline), id));
    }
}
