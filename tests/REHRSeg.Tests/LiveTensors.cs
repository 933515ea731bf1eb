using TorchSharp;

namespace REHRSeg.Tests;

/// <summary>Tensors at the start of a test that counts them.</summary>
static class LiveTensors
{
    /// <summary>
    /// Counts them after the collector has finalised what earlier tests dropped: otherwise it may do so before the test counts again. That count is <see cref="torch.Tensor.TotalCount"/>
    /// as it is, so that what the test itself drops without disposing shows.
    /// </summary>
    public static long Count()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return torch.Tensor.TotalCount;
    }
}
