using System.Runtime.CompilerServices;

namespace REHRSeg.Tool.Tests;

internal static class TorchModuleInitializer
{
    [ModuleInitializer]
    internal static void Load() => TorchRuntime.EnsureLoaded();
}
