using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace REHRSeg;

/// <summary>
/// Finds libtorch and TorchSharp's shim and, on Linux, loads them. TorchSharp 0.107's shim asks for GLIBCXX_3.4.32 (GCC 13.2) on behalf of one symbol that it
/// never uses; where the system's libstdc++ is older, a copy with that requirement made weak is loaded from memory, and TorchSharp finds it by its name.
/// </summary>
internal static partial class TorchNativeLoader
{
    private const string UnusedVersion = "GLIBCXX_3.4.32";
    private const uint CloseOnExec = 1;

    /// <summary>Folders where .NET looks for native libraries.</summary>
    public static IReadOnlyList<string> SearchFolders()
    {
        var probed = (AppContext.GetData("NATIVE_DLL_SEARCH_DIRECTORIES") as string ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        string native = Path.Combine(AppContext.BaseDirectory, "runtimes", PortableRid(RuntimeInformation.RuntimeIdentifier), "native");
        return [.. probed, AppContext.BaseDirectory, native];
    }

    /// <summary>Loads the natives found in <paramref name="folders"/>, or checks that they are there where TorchSharp loads them unaided.</summary>
    /// <returns>How, for logs.</returns>
    /// <exception cref="DllNotFoundException">Names the missing library and the package to reference.</exception>
    public static string Load(string runtimeIdentifier, IReadOnlyList<string> folders)
    {
        string rid = PortableRid(runtimeIdentifier);
        var (shimName, torchName) = rid switch
        {
            "linux-x64" => ("libLibTorchSharp.so", "libtorch_cpu.so"),
            "win-x64" => ("LibTorchSharp.dll", "torch_cpu.dll"),
            "osx-arm64" => ("libLibTorchSharp.dylib", "libtorch_cpu.dylib"),
            _ => throw new DllNotFoundException($"Torch has no native libraries for {rid}: TorchSharp supports linux-x64, win-x64 and osx-arm64. Train there; "
                + "an exported .onnx model is scored here with the REHRSeg.Onnx package, which needs no Torch."),
        };
        string torch = Find(torchName, folders) ?? throw Missing(torchName, folders, $"libtorch-cpu-{rid} (2.10.0)"
            + (rid == "osx-arm64" ? "" : $" or, for an NVIDIA GPU, TorchSharp-cuda-{(rid == "win-x64" ? "windows" : "linux")} (0.107.0)"));
        string shim = Find(shimName, folders) ?? throw Missing(shimName, folders, "TorchSharp (0.107.0)");
        return rid == "linux-x64" ? LoadOnLinux(torch, shim) : $"{shim}, loaded by TorchSharp";
    }

    private static string LoadOnLinux(string torch, string shim)
    {
        foreach (string library in Directory.GetFiles(Path.GetDirectoryName(torch)!, "libgomp*.so*"))
        {
            NativeLibrary.TryLoad(library, out _);
        }
        NativeLibrary.TryLoad(Path.Combine(Path.GetDirectoryName(torch)!, "libc10.so"), out _);
        NativeLibrary.Load(torch);
        NativeLibrary.TryLoad(Path.Combine(Path.GetDirectoryName(torch)!, "libtorch.so"), out _);
        if (NativeLibrary.TryLoad(shim, out _))
        {
            return $"{shim}, as it is";
        }
        byte[] copy = File.ReadAllBytes(shim);
        if (!ElfVersionNeeds.Weaken(copy, UnusedVersion))
        {
            NativeLibrary.Load(shim); // throws with the loader's own reason
        }
        LoadFromMemory(copy);
        return $"{shim}, as a copy in memory that does without {UnusedVersion}";
    }

    private static void LoadFromMemory(byte[] library)
    {
        using var file = new SafeFileHandle(memfd_create("libLibTorchSharp.so", CloseOnExec), ownsHandle: true);
        if (file.IsInvalid)
        {
            throw new DllNotFoundException($"TorchSharp's shim needs a copy in memory on this system, but memfd_create failed (error {Marshal.GetLastPInvokeError()}). "
                + "Use a system with GCC 13.2's libstdc++ or later (Debian 13, Ubuntu 24.04).");
        }
        RandomAccess.Write(file, library, 0);
        NativeLibrary.Load($"/proc/self/fd/{file.DangerousGetHandle()}");
    }

    private static string? Find(string file, IReadOnlyList<string> folders) =>
        folders.Select(folder => Path.Combine(folder, file)).FirstOrDefault(File.Exists);

    private static DllNotFoundException Missing(string file, IReadOnlyList<string> folders, string package) =>
        new($"Torch's native library {file} was not found. Add a package reference to {package} to the executable or test project. Looked in: {string.Join(", ", folders.Distinct())}.");

    // "debian.12-x64" and the like come from source-built runtimes.
    private static string PortableRid(string rid) =>
        rid.Split('-') is [var system, var processor] && OperatingSystem.IsLinux() && system is not ("linux" or "linux-musl" or "win" or "osx") ? $"linux-{processor}" : rid;

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int memfd_create(string name, uint flags);
}
