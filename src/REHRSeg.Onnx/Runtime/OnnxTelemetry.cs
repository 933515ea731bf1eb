using System.Runtime.InteropServices;

namespace REHRSeg.Onnx;

/// <summary>
/// ONNX Runtime's official packages send usage events to their maker unless told otherwise (its Privacy.md), and keep an identifier and events on disk. That is no default for software that
/// looks at patients' images: unless the environment variable <c>ORT_DISABLE_TELEMETRY</c> has a value already, it is set to 1 for this process before the runtime starts.
/// </summary>
internal static partial class OnnxTelemetry
{
    const string Variable = "ORT_DISABLE_TELEMETRY";

    /// <summary>To be called before the first use of ONNX Runtime.</summary>
    public static void TurnOff()
    {
        if (Environment.GetEnvironmentVariable(Variable) is not null) return;
        Environment.SetEnvironmentVariable(Variable, "1");
        if (!OperatingSystem.IsWindows()) _ = SetNative(Variable, "1", 0);                            // .NET keeps a copy of its own of the environment there
    }

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetNative(string name, string value, int overwrite);
}
