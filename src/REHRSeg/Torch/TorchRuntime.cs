namespace REHRSeg;

/// <summary>Loads the Torch natives, also where the system's libstdc++ is older than TorchSharp's shim asks for (Debian 12, Ubuntu 22.04).</summary>
public static class TorchRuntime
{
    /// <summary>Call before the first touch of <c>TorchSharp.torch</c> in the process, from a one-line module initializer of each executable and test assembly. Idempotent and thread-safe.</summary>
    /// <exception cref="DllNotFoundException">The natives are not referenced, or are for another platform; says which package to add.</exception>
    public static void EnsureLoaded() => throw new NotImplementedException();

    /// <summary>How the natives were loaded, for logs.</summary>
    public static string Status => throw new NotImplementedException();
}
