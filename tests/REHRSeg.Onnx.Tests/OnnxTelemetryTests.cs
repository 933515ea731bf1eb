using System.Runtime.InteropServices;

namespace REHRSeg.Onnx.Tests;

/// <summary>ONNX Runtime is told to keep its usage events to itself (that it then leaves nothing on disk is tested with the sample server, in a process of its own).</summary>
public partial class OnnxTelemetryTests
{
    const string Variable = "ORT_DISABLE_TELEMETRY";

    [Fact]
    public void LoadingAModelTurnsItOffForNativeCode()
    {
        string? before = Environment.GetEnvironmentVariable(Variable);
        using var scorer = new OnnxVolumeScorer(Path.Combine(AppContext.BaseDirectory, "oracles", "tiny_models", "segmenter.onnx"));
        string? seen = OperatingSystem.IsWindows() ? Environment.GetEnvironmentVariable(Variable) : Marshal.PtrToStringUTF8(GetNative(Variable));
        Assert.Equal(before ?? "1", seen);
    }

    [Fact]
    public void AValueThatIsThereAlreadyStays()
    {
        string? before = Environment.GetEnvironmentVariable(Variable);
        try
        {
            Environment.SetEnvironmentVariable(Variable, "0");
            OnnxTelemetry.TurnOff();
            Assert.Equal("0", Environment.GetEnvironmentVariable(Variable));
        }
        finally
        {
            Environment.SetEnvironmentVariable(Variable, before);
        }
    }

    [LibraryImport("libc", EntryPoint = "getenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint GetNative(string name);
}
