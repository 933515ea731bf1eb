using System.Runtime.InteropServices;

namespace REHRSeg;

/// <summary>Settings of glibc's malloc (mallopt(3)).</summary>
internal static partial class GlibcAllocator
{
    private const int TrimThreshold = -1, TopPad = -2, MmapMax = -4;

    /// <summary>No mmap per large block, no trimming, 64 MiB growth steps. False off glibc.</summary>
    public static bool KeepMemory()
    {
        if (!OperatingSystem.IsLinux())
        {
            return false;
        }
        try
        {
            return mallopt(MmapMax, 0) == 1 & mallopt(TrimThreshold, int.MaxValue) == 1 & mallopt(TopPad, 64 << 20) == 1;
        }
        catch (Exception e) when (e is EntryPointNotFoundException or DllNotFoundException)
        {
            return false; // musl
        }
    }

    [LibraryImport("libc.so.6")]
    private static partial int mallopt(int parameter, int value);
}
