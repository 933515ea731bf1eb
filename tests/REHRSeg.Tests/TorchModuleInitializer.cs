using System.Runtime.CompilerServices;

namespace REHRSeg.Tests;

internal static class TorchModuleInitializer
{
    [ModuleInitializer]
    internal static void Load() => TorchRuntime.EnsureLoaded();
}
