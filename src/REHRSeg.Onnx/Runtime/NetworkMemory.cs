namespace REHRSeg.Onnx;

/// <summary>Memory that ONNX Runtime takes for one run of a network, estimated from its graph.</summary>
internal static class NetworkMemory
{
    /// <summary>
    /// What ONNX Runtime's arena takes for each byte that is alive at a time: it grows by powers of two and cannot always fill its gaps. Measured: up to 1.75 (tests/REHRSeg.Benchmarks/results.md).
    /// </summary>
    const double Arena = 2;

    /// <summary>Buffers of convolutions and of threads.</summary>
    const long Fixed = 32L << 20;

    /// <param name="network">Its activations.</param>
    /// <param name="batch">Samples a run.</param>
    /// <param name="voxels">Voxels of the input of each.</param>
    public static long Bytes(ActivationMemory network, int batch, double voxels) => (long)(Arena * sizeof(float) * network.Peak(batch) * batch * voxels) + Fixed;
}
