using System.Runtime.InteropServices;
using TorchSharp;

namespace REHRSeg;

/// <summary>Loads the Torch natives, also where the system's libstdc++ is older than TorchSharp's shim asks for (Debian 12, Ubuntu 22.04).</summary>
public static class TorchRuntime
{
    // A failure is kept too: every later call throws the same exception.
    private static readonly Lazy<string> Load = new(() => TorchNativeLoader.Load(RuntimeInformation.RuntimeIdentifier, TorchNativeLoader.SearchFolders()));

    /// <summary>Call before the first touch of <c>TorchSharp.torch</c> in the process, from a one-line module initializer of each executable and test assembly. Idempotent and thread-safe.</summary>
    /// <exception cref="DllNotFoundException">The natives are not referenced, or are for another platform; says which package to add.</exception>
    public static void EnsureLoaded() => _ = Load.Value;

    /// <summary>How the natives were loaded, for logs. Loads them where that has not happened yet.</summary>
    /// <exception cref="DllNotFoundException">As <see cref="EnsureLoaded"/>.</exception>
    public static string Status => Load.Value;

    /// <summary>Threads of one Torch operation, at least 1. Where other work runs on the same cores, 1 is the safe choice: waiting threads spin.</summary>
    public static int Threads
    {
        get
        {
            EnsureLoaded();
            return torch.get_num_threads();
        }
        set
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1);
            EnsureLoaded();
            torch.set_num_threads(value);
        }
    }

    /// <summary>
    /// Makes glibc keep freed memory instead of returning it to the system after every operation: 3-D training steps are up to 1.5 times faster and the
    /// process stays at its peak size. For the whole process, so a choice of the application, never made by this library.
    /// </summary>
    /// <returns>False where the C library is not glibc: nothing is changed.</returns>
    public static bool KeepMemory() => GlibcAllocator.KeepMemory();
}
