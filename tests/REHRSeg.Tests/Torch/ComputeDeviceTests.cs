using TorchSharp;

namespace REHRSeg.Tests;

public sealed class ComputeDeviceTests
{
    [Fact]
    public void CpuWithoutAGpuNumber() => Assert.Equal(DeviceType.CPU, ComputeDevice.Select(null, false, null).type);

    [Fact]
    public void AMissingGpuFallsBackWithAWarningOrThrows()
    {
        List<string> warnings = [];
        Assert.Equal(DeviceType.CPU, ComputeDevice.Select(99, true, warnings.Add).type);
        Assert.Contains("GPU 99", Assert.Single(warnings));
        Assert.Contains("GPU 99", Assert.Throws<InvalidOperationException>(() => ComputeDevice.Select(99, false, null)).Message);
        Assert.Throws<ArgumentOutOfRangeException>(() => ComputeDevice.Select(-1, true, null));
    }

    [Fact]
    public void BFloat16FollowsTheProcessor()
    {
        bool flag = File.Exists("/proc/cpuinfo") && File.ReadAllText("/proc/cpuinfo") is var text && (text.Contains(" avx512_bf16") || text.Contains(" amx_bf16"));
        Assert.Equal(flag, ComputeDevice.HasFastBFloat16(torch.CPU));
    }
}
