using TorchSharp;

namespace REHRSeg;

/// <summary>Chooses where networks run.</summary>
internal static class ComputeDevice
{
    /// <summary>CUDA device <paramref name="gpuDeviceId"/> if given and there; CPU if null, or on fallback with a warning.</summary>
    public static torch.Device Select(int? gpuDeviceId, bool fallbackToCpu, Action<string>? warn) => throw new NotImplementedException();

    /// <summary>True where bf16 convolutions are faster than fp32 (CPU with AVX-512 bf16 units, Ampere and later).</summary>
    public static bool HasFastBFloat16(torch.Device device) => throw new NotImplementedException();
}
