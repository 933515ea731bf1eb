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

    [Theory]
    [InlineData("AuthenticAMD", "avx512f avx512_bf16", true)]
    [InlineData("AuthenticAMD", "avx2 fma", false)]
    [InlineData("GenuineIntel", "avx512f avx512_bf16", false)] // half the fp32 rate
    [InlineData("GenuineIntel", "avx512f avx512_bf16 amx_bf16 amx_tile", true)]
    [InlineData("", "", false)]
    public void BFloat16FollowsTheProcessor(string vendor, string flags, bool fast) => Assert.Equal(fast, ComputeDevice.HasFastBFloat16(vendor, flags.Split(' ').ToHashSet()));

    [Fact]
    public void TheProcessorIsReadFromCpuinfo()
    {
        string text = File.Exists("/proc/cpuinfo") ? File.ReadAllText("/proc/cpuinfo") : "";
        bool fast = text.Contains(" amx_bf16") || (text.Contains("AuthenticAMD") && text.Contains(" avx512_bf16"));
        Assert.Equal(fast && !OneDnnTails.AreWrong, ComputeDevice.HasFastBFloat16(torch.CPU));
    }
}
