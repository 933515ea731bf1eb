using System.Diagnostics;
using System.Globalization;
using REHRSeg.Imaging;
using TorchSharp;

namespace REHRSeg.Benchmarks;

/// <summary>
/// Peak memory of training steps against <see cref="TrainingMemory.Estimate"/>, in a process of its own: <c>--training-memory DEPTH SIDE FEATURES BATCH ITERATIONS [nnunet|rehrseg]</c>,
/// float32 on the CPU, cases of exactly the patch's size.
/// </summary>
internal static class TrainingStepMemory
{
    public static void Run(string[] args)
    {
        var (depth, side, features, batch, iterations) = (Integer(args[1]), Integer(args[2]), Integer(args[3]), Integer(args[4]), Integer(args[5]));
        bool fineTune = args.Length > 6 && args[6] == "rehrseg";
        TorchRuntime.EnsureLoaded();
        var random = new Random(1);
        MLVolume Volume(int slices, double spacing, Func<int, float> value) => new(new([side, side, slices], [1, 1, spacing]), Enumerable.Range(0, slices * side * side).Select(value).ToArray());
        var image = Volume(depth, 4, _ => random.NextSingle() + 1);
        var label = Volume(depth, 4, i => i % 3 == 0 ? 1 : 0);
        RehrSegTrainingData data = new()
        {
            Real = [new("a", image, label)],
            Pseudo = fineTune ? [new(image, label, new(image.Geometry.Refine(4, SliceAxis.Z), new float[4 * image.Voxels.Length]), label, 0)] : [],
        };
        RehrSegOptions options = new() { BaseFeatures = features, MaxFeatures = 10 * features, BatchSize = batch, NnUNetIterations = fineTune ? 0 : iterations, FineTuneIterations = fineTune ? iterations : 0, FeatureMapBudget = 560e6, BFloat16 = false };
        var plan = RehrSegTrainer.Plan(data, options, RehrSegTrainingSetup.Check(data, options), new() { Device = torch.CPU });
        long before = Memory("VmRSS");
        var watch = Stopwatch.StartNew();
        using var model = RehrSegTrainer.Train(data, options, new() { Device = torch.CPU });
        double peak = Memory("VmHWM");
        Console.WriteLine(FormattableString.Invariant($"{(fineTune ? "rehrseg" : "nnunet")}, patch {plan.Patch}, batch {batch}, features {features}, {plan.Architecture.ParameterCount / 1e6:0.0} M parameters, {plan.FeatureMapElements / 1e6:0.0} M elements a sample: {before} MB before, peak {peak} MB, estimate {TrainingMemory.Estimate(plan) / 1e6:0} MB, {(peak * 1e6 - TrainingMemory.BaseBytes - 16.0 * plan.Architecture.ParameterCount) / plan.FeatureMapElements / batch:0.00} bytes an element; {watch.Elapsed.TotalSeconds / iterations:0.0} s an iteration"));
    }

    static int Integer(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    /// <summary>A line of /proc/self/status in MB (1e6 bytes).</summary>
    static long Memory(string name) => Integer(File.ReadLines("/proc/self/status").Single(l => l.StartsWith(name + ":", StringComparison.Ordinal)).Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries)[1]) * 1024L / 1_000_000;
}
