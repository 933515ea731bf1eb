using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Text;

namespace REHRSeg.Packages.Tests;

[Collection(PackedFeedCollection.Name)]
public sealed class SymbolTests(PackedFeed feed)
{
    [Theory, MemberData(nameof(PackageContentTests.Libraries), MemberType = typeof(PackageContentTests))]
    public void Symbols_match_a_deterministic_assembly_and_name_no_folder_of_this_machine(string id)
    {
        byte[] assembly = feed.Package(id).Read($"lib/net10.0/{id}.dll"), symbols = feed.Symbols(id).Read($"lib/net10.0/{id}.pdb");
        using var pe = new PEReader(new MemoryStream(assembly));
        var entries = pe.ReadDebugDirectory();
        Assert.Contains(entries, e => e.Type == DebugDirectoryEntryType.Reproducible);
        var codeView = entries.Single(e => e.Type == DebugDirectoryEntryType.CodeView);

        using var provider = MetadataReaderProvider.FromPortablePdbStream(new MemoryStream(symbols));
        var pdb = provider.GetMetadataReader();
        var pdbId = new BlobContentId(pdb.DebugMetadataHeader!.Id);
        Assert.Equal(pe.ReadCodeViewDebugDirectoryData(codeView).Guid, pdbId.Guid);
        Assert.Equal(codeView.Stamp, pdbId.Stamp);

        if (BuildInfo.Configuration != "Release") return; // other builds keep the folder, for debuggers
        var documents = pdb.Documents.Select(d => pdb.GetString(pdb.GetDocument(d).Name)).ToArray();
        Assert.Contains(documents, d => d.StartsWith($"/_/src/{id}/", StringComparison.Ordinal) && !d.Contains("/obj/"));
        Assert.All(documents, d => Assert.Matches("^/_[0-9]*/", d));
        byte[] root = Encoding.UTF8.GetBytes(BuildInfo.RepositoryRoot);
        Assert.Equal(-1, assembly.AsSpan().IndexOf(root));
        Assert.Equal(-1, symbols.AsSpan().IndexOf(root));
    }
}
