using System.Buffers.Binary;
using System.Text;

namespace REHRSeg;

/// <summary>The symbol versions that an ELF library needs from others (section <c>.gnu.version_r</c> of the Linux Standard Base).</summary>
internal static class ElfVersionNeeds
{
    private const uint Magic = 0x464c457f, VersionNeeds = 0x6ffffffe;
    private const byte Elf64 = 2, LittleEndian = 1;
    private const ushort Weak = 2;

    /// <summary>Marks every need of that version as weak: the dynamic loader then accepts libraries without it. Other bytes stay as they are.</summary>
    /// <param name="elf">A whole ELF64 little-endian file.</param>
    /// <param name="version">Such as <c>GLIBCXX_3.4.32</c>.</param>
    /// <returns>False where there is no such need, or the bytes are not such a file.</returns>
    public static bool Weaken(Span<byte> elf, string version)
    {
        try
        {
            return elf.Length >= 64 && U32(elf, 0) == Magic && elf[4] == Elf64 && elf[5] == LittleEndian && WeakenSections(elf, Encoding.ASCII.GetBytes(version));
        }
        catch (Exception e) when (e is ArgumentOutOfRangeException or IndexOutOfRangeException or OverflowException)
        {
            return false; // offsets that point outside the file
        }
    }

    private static bool WeakenSections(Span<byte> elf, ReadOnlySpan<byte> version)
    {
        int headers = U64(elf, 0x28), headerSize = U16(elf, 0x3A), count = U16(elf, 0x3C);
        bool found = false;
        for (int i = 0; i < count; i++)
        {
            int section = headers + i * headerSize;
            if (U32(elf, section + 4) != VersionNeeds)
            {
                continue;
            }
            int libraries = Int(elf, section + 0x2C), strings = U64(elf, headers + Int(elf, section + 0x28) * headerSize + 0x18);
            for (int need = U64(elf, section + 0x18); libraries > 0; libraries--, need += Int(elf, need + 12))
            {
                int versions = U16(elf, need + 2);
                for (int entry = need + Int(elf, need + 8); versions > 0; versions--, entry += Int(elf, entry + 12))
                {
                    var name = elf[(strings + Int(elf, entry + 8))..];
                    if (name[..name.IndexOf((byte)0)].SequenceEqual(version))
                    {
                        BinaryPrimitives.WriteUInt16LittleEndian(elf[(entry + 4)..], (ushort)(U16(elf, entry + 4) | Weak));
                        found = true;
                    }
                }
            }
        }
        return found;
    }

    private static int U64(ReadOnlySpan<byte> elf, int offset) => checked((int)BinaryPrimitives.ReadUInt64LittleEndian(elf[offset..]));
    private static uint U32(ReadOnlySpan<byte> elf, int offset) => BinaryPrimitives.ReadUInt32LittleEndian(elf[offset..]);
    private static int Int(ReadOnlySpan<byte> elf, int offset) => checked((int)U32(elf, offset));
    private static ushort U16(ReadOnlySpan<byte> elf, int offset) => BinaryPrimitives.ReadUInt16LittleEndian(elf[offset..]);
}
