using System.Buffers.Binary;
using System.Text;

namespace REHRSeg.Tests;

public sealed class ElfVersionNeedsTests
{
    private const int Needs = 64, Strings = 128, Sections = 192;

    [Fact]
    public void OnlyTheFlagOfTheNamedVersionChanges()
    {
        byte[] before = TwoVersions(), after = [.. before];
        Assert.True(ElfVersionNeeds.Weaken(after, "GLIBCXX_3.4.32"));
        var changed = Enumerable.Range(0, before.Length).Where(i => before[i] != after[i]).ToArray();
        Assert.Equal([Needs + 16 + 16 + 4], changed);
        Assert.Equal(2, after[changed[0]]);
    }

    [Fact]
    public void OtherFilesAreLeftAlone()
    {
        byte[] file = TwoVersions();
        Assert.False(ElfVersionNeeds.Weaken([.. file], "GLIBCXX_3.4.99"));
        Assert.False(ElfVersionNeeds.Weaken([.. file], "GLIBCXX_3.4.3")); // a prefix is no match
        Assert.False(ElfVersionNeeds.Weaken(file.AsSpan(0, 100).ToArray(), "GLIBCXX_3.4.32"));
        Assert.False(ElfVersionNeeds.Weaken(new byte[64], "GLIBCXX_3.4.32"));
        file[0x2F] = 0xFF; // section headers far outside
        Assert.False(ElfVersionNeeds.Weaken(file, "GLIBCXX_3.4.32"));
    }

    [Fact]
    public void TheShimNeedsOneByte()
    {
        if (TorchNativeLoader.SearchFolders().Select(f => Path.Combine(f, "libLibTorchSharp.so")).FirstOrDefault(File.Exists) is not { } path)
        {
            return; // another platform's natives
        }
        byte[] before = File.ReadAllBytes(path), after = [.. before];
        Assert.True(ElfVersionNeeds.Weaken(after, "GLIBCXX_3.4.32"));
        Assert.Single(Enumerable.Range(0, before.Length), i => before[i] != after[i]);
    }

    // ELF64 header, one needed library with two versions, string table, two section headers.
    private static byte[] TwoVersions()
    {
        byte[] elf = new byte[Sections + 2 * 64];
        void U16(int offset, ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(elf.AsSpan(offset), value);
        void U32(int offset, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(elf.AsSpan(offset), value);
        U32(0, 0x464c457f);
        elf[4] = 2;
        elf[5] = 1;
        U32(0x28, Sections);
        U16(0x3A, 64);
        U16(0x3C, 2);
        U16(Needs + 2, 2);
        U32(Needs + 8, 16);
        U32(Needs + 16 + 8, 1);
        U32(Needs + 16 + 12, 16);
        U32(Needs + 32 + 8, 1 + 13);
        Encoding.ASCII.GetBytes("\0GLIBCXX_3.4\0\0").CopyTo(elf, Strings);
        Encoding.ASCII.GetBytes("GLIBCXX_3.4.32\0").CopyTo(elf, Strings + 14);
        U32(Sections + 4, 0x6ffffffe);
        U32(Sections + 0x18, Needs);
        U32(Sections + 0x28, 1);
        U32(Sections + 0x2C, 1);
        U32(Sections + 64 + 4, 3);
        U32(Sections + 64 + 0x18, Strings);
        return elf;
    }
}
