using System.Runtime.CompilerServices;

namespace REHRSeg.Benchmarks;

internal static class TorchModuleInitializer
{
    [ModuleInitializer]
    public static void Initialize()
    {
        if (!Environment.GetCommandLineArgs().Contains(ImagingBenchmark.RunOption)) TorchRuntime.EnsureLoaded();
    }
}
