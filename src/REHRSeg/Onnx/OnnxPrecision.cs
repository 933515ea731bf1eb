namespace REHRSeg;

/// <summary>How an exported ONNX file stores the weights of convolutions and computes them. Inputs, outputs and everything else are in single precision.</summary>
public enum OnnxPrecision
{
    /// <summary>Single precision.</summary>
    Float32,
    /// <summary>Stored in half precision: half the file. Cast once, when the file is loaded, so that speed and memory are those of single precision.</summary>
    Float16,
    /// <summary>Stored as 8-bit integers with a scale for each output channel: about a third of the file. Widened once, when the file is loaded.</summary>
    Int8,
    /// <summary>
    /// Computed with 8-bit integers as well (dynamic quantisation: inputs are quantised in each run). ONNX Runtime has no fast kernel for it in 3-D on CPUs, where it is several
    /// times slower than the others (<c>tests/REHRSeg.Benchmarks/results.md</c>).
    /// </summary>
    Int8Dynamic,
}
