using System.Runtime.InteropServices;
using TorchSharp;

namespace REHRSeg;

/// <summary>Chooses where networks run.</summary>
internal static class ComputeDevice
{
    private const int MajorComputeCapability = 75, Ampere = 8;
    private static readonly Lazy<bool> CpuBFloat16 = new(CpuHasBFloat16Units);

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

    /// <summary>True where bf16 convolutions are faster than fp32 (CPU with AVX-512 or AMX bf16 units, Ampere and later).</summary>
    public static bool HasFastBFloat16(torch.Device device) => device.type switch
    {
        DeviceType.CPU => CpuBFloat16.Value,
        DeviceType.CUDA => ComputeCapability(Math.Max(device.index, 0)) >= Ampere,
        _ => false,
    };

    private static bool CpuHasBFloat16Units()
    {
        try
        {
            return OperatingSystem.IsLinux() && File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("flags", StringComparison.Ordinal)) is { } flags
                && flags.Split(' ').Any(flag => flag is "avx512_bf16" or "amx_bf16");
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
