using System.Runtime.InteropServices;
using TorchSharp;

namespace REHRSeg;

/// <summary>Chooses where networks run.</summary>
internal static class ComputeDevice
{
    private const int MajorComputeCapability = 75, Ampere = 8;
    private static readonly Lazy<bool> CpuBFloat16 = new(CpuHasFastBFloat16);

    /// <summary>CUDA device <paramref name="gpuDeviceId"/> if given and there; CPU if null, or on fallback with a warning.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A negative device number.</exception>
    /// <exception cref="InvalidOperationException">The device is not there and <paramref name="fallbackToCpu"/> is false.</exception>
    public static torch.Device Select(int? gpuDeviceId, bool fallbackToCpu, Action<string>? warn)
    {
        TorchRuntime.EnsureLoaded();
        if (gpuDeviceId is not { } id)
        {
            return torch.CPU;
        }
        ArgumentOutOfRangeException.ThrowIfNegative(id, nameof(gpuDeviceId));
        int devices = torch.cuda.is_available() ? torch.cuda.device_count() : 0;
        if (id < devices)
        {
            return torch.device(DeviceType.CUDA, id);
        }
        string reason = devices == 0
            ? $"GPU {id} was asked for, but Torch finds no CUDA device. Reference TorchSharp-cuda-linux or TorchSharp-cuda-windows instead of libtorch-cpu, and check the NVIDIA driver."
            : $"GPU {id} was asked for, but Torch finds {devices} CUDA device(s), numbered from 0.";
        if (!fallbackToCpu)
        {
            throw new InvalidOperationException(reason + " Or set FallbackToCpu.");
        }
        warn?.Invoke(reason + " Continuing on the CPU.");
        return torch.CPU;
    }

    /// <summary>True where bf16 convolutions of 16 channels and more are faster than fp32: GPUs from Ampere on; CPUs as <see cref="HasFastBFloat16(string, IReadOnlySet{string})"/> says, on Linux.</summary>
    public static bool HasFastBFloat16(torch.Device device) => device.type switch
    {
        DeviceType.CPU => CpuBFloat16.Value && !OneDnnTails.AreWrong,
        DeviceType.CUDA => ComputeCapability(Math.Max(device.index, 0)) >= Ampere,
        _ => false,
    };

    /// <summary>
    /// AMX, or AVX-512 bf16 of AMD. The AVX-512 instruction alone is no gain: on AMD (Zen 4) training steps were 1.5 to 2 times faster with it, but on Intel cores without AMX
    /// (Emerald Rapids in a virtual machine) it runs at half the fp32 rate, 86 against 175 GF/s, and steps were 1.5 times slower. AMX was not measured.
    /// </summary>
    /// <param name="vendor">As in /proc/cpuinfo, such as "AuthenticAMD".</param>
    /// <param name="flags">As in /proc/cpuinfo.</param>
    internal static bool HasFastBFloat16(string vendor, IReadOnlySet<string> flags) => flags.Contains("amx_bf16") || (vendor == "AuthenticAMD" && flags.Contains("avx512_bf16"));

    private static bool CpuHasFastBFloat16()
    {
        if (!OperatingSystem.IsLinux())
        {
            return false;
        }
        try
        {
            var first = File.ReadLines("/proc/cpuinfo").TakeWhile(line => line.Length > 0).Select(line => line.Split(':', 2, StringSplitOptions.TrimEntries))
                .Where(field => field.Length == 2).ToLookup(field => field[0], field => field[1]);
            return HasFastBFloat16(first["vendor_id"].FirstOrDefault(""), first["flags"].FirstOrDefault("").Split(' ').ToHashSet());
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static unsafe int ComputeCapability(int device)
    {
        string driver = OperatingSystem.IsWindows() ? "nvcuda.dll" : "libcuda.so.1";
        if (!NativeLibrary.TryLoad(driver, out nint library) || !NativeLibrary.TryGetExport(library, "cuDeviceGetAttribute", out nint getAttribute))
        {
            return 0;
        }
        int major = 0;
        return ((delegate* unmanaged<int*, int, int, int>)getAttribute)(&major, MajorComputeCapability, device) == 0 ? major : 0;
    }
}
