namespace REHRSeg.Tests;

public sealed class TorchNativeLoaderTests
{
    [Fact]
    public void MissingLibtorchNamesThePackages()
    {
        var folder = Directory.CreateTempSubdirectory();
        try
        {
            var e = Assert.Throws<DllNotFoundException>(() => TorchNativeLoader.Load("linux-x64", [folder.FullName]));
            Assert.Contains("libtorch_cpu.so", e.Message);
            Assert.Contains("libtorch-cpu-linux-x64", e.Message);
            Assert.Contains("TorchSharp-cuda-linux", e.Message);
            Assert.Contains(folder.FullName, e.Message);
            Assert.Contains("libtorch-cpu-win-x64", Assert.Throws<DllNotFoundException>(() => TorchNativeLoader.Load("win-x64", [folder.FullName])).Message);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public void MissingShimNamesThePackage()
    {
        var folder = Directory.CreateTempSubdirectory();
        try
        {
            File.WriteAllBytes(Path.Combine(folder.FullName, "torch_cpu.dll"), []);
            var e = Assert.Throws<DllNotFoundException>(() => TorchNativeLoader.Load("win-x64", [folder.FullName]));
            Assert.Contains("LibTorchSharp.dll", e.Message);
            Assert.Contains("TorchSharp (0.107.0)", e.Message);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Theory]
    [InlineData("linux-arm64")]
    [InlineData("osx-x64")]
    [InlineData("linux-musl-x64")]
    public void PlatformWithoutNativesIsNamed(string rid)
    {
        var e = Assert.Throws<DllNotFoundException>(() => TorchNativeLoader.Load(rid, []));
        Assert.Contains(rid, e.Message);
        Assert.Contains("REHRSeg.Onnx", e.Message);
    }
}
