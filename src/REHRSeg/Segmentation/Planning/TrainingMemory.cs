using System.Globalization;

namespace REHRSeg;

/// <summary>
/// Memory of a training step, and back from memory to the planner's feature-map elements. Measured on the CPU in float32 (peak RSS of a step, patch 16x128x128,
/// 32 features, batch 2; <c>dotnet run -c Release --project tests/REHRSeg.Benchmarks -- --training-memory 16 128 32 2 1 rehrseg</c>), so that <c>--memory</c> is kept by this implementation. nnU-Net's constant,
/// 560e6 elements, is for 8 GB of a GPU in half precision.
/// </summary>
internal static class TrainingMemory
{
    /// <summary>nnU-Net's feature-map elements of one sample of two that fit 8 GB (METHOD.md 6.2).</summary>
    public const double NnUNetElements = 560e6;
    /// <summary>Bytes of one feature-map element of one sample in fine-tuning with the HR head, the larger phase: convolution output, normalised and activated copies, gradients in flight. (The nnU-Net phase: 16.)</summary>
    public const double BytesPerElement = 21;
    /// <summary>Runtime, libtorch and its kernels.</summary>
    public const double BaseBytes = 0.2e9;
    /// <summary>Weight, gradient, momentum and a temporary of the optimiser step, float32.</summary>
    const double BytesPerParameter = 16;
    /// <summary>The planner's two samples (METHOD.md 6.2).</summary>
    const int Samples = 2;
    /// <summary>Part of the machine's memory that is taken where nothing is asked: the cases, and other programs, need the rest.</summary>
    const double DefaultShare = 0.5;

    /// <summary>Bytes that a training step needs, cases not included.</summary>
    public static double Estimate(SegmentationPlan plan) =>
        BaseBytes + plan.BatchSize * plan.FeatureMapElements * BytesPerElement + plan.Architecture.ParameterCount * BytesPerParameter;

    /// <summary>Feature-map elements of one sample of two, so that a step keeps to a number of gigabytes (1e9 bytes), for nnU-Net's 32 base features.</summary>
    /// <returns>0 where the memory does not even hold the runtime and the weights.</returns>
    public static double Elements(double gigabytes) => Elements(gigabytes, 32);

    /// <summary>As the other overload; weights take 0.5 GB at 32 base features (METHOD.md 6.3: 31 million), and grow with their square.</summary>
    public static double Elements(double gigabytes, int baseFeatures) => Math.Max(0, (gigabytes * 1e9 - BaseBytes - 0.5e9 * Math.Pow(baseFeatures / 32.0, 2)) / (Samples * BytesPerElement));

    /// <summary>What the planner may spend, and why.</summary>
    /// <param name="options">An element budget goes before a memory budget.</param>
    /// <param name="gpu">Training is on a GPU.</param>
    /// <param name="begun">Plan of the run that is resumed; where nothing is asked its budget is kept, so that another machine plans the same network.</param>
    /// <param name="available">Bytes of the machine (or container); null: this one's.</param>
    public static PlannedBudget Choose(RehrSegOptions options, bool gpu, PlannedBudget? begun = null, double? available = null)
    {
        if (options.FeatureMapBudget is { } given) return new(given, "option FeatureMapBudget");
        if (options.MemoryBudget is { } gigabytes) return new(Elements(gigabytes, options.BaseFeatures), Text($"memory budget of {gigabytes:0.##} GB"));
        if (begun is not null) return begun;
        if (gpu) return new(NnUNetElements, "nnU-Net's for a GPU of 8 GB");
        double bytes = available ?? GC.GetGCMemoryInfo().TotalAvailableMemoryBytes, share = Elements(DefaultShare * bytes / 1e9, options.BaseFeatures);
        return share >= NnUNetElements ? new(NnUNetElements, Text($"nnU-Net's, which half of this machine's {bytes / 1e9:0.#} GB holds")) : new(share, Text($"half of this machine's {bytes / 1e9:0.#} GB"));
    }

    static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}

/// <summary>Feature-map elements of one sample of two that the planner may spend.</summary>
/// <param name="Elements">Above 0.</param>
/// <param name="Reason">Where the number comes from.</param>
internal sealed record PlannedBudget(double Elements, string Reason);
