using System.Diagnostics;
using REHRSeg.Imaging;

namespace REHRSeg.Tool;

/// <summary>Runs one action per case: a case that fails is reported and the rest go on.</summary>
internal static class Batch
{
    /// <returns>Done, or Failed if any case failed.</returns>
    public static int ForEach(ToolConsole console, string what, IReadOnlyList<MedicalCase> cases, Action<MedicalCase> action, CancellationToken cancellationToken)
    {
        var watch = Stopwatch.StartNew();
        int failures = 0;
        for (int i = 0; i < cases.Count; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                action(cases[i]);
            }
            catch (Exception e) when (e is not OperationCanceledException && !CommandLine.IsDefect(e))
            {
                failures++;
                console.Error($"case {cases[i].Id}: {CommandLine.Describe(e)}");
            }
            console.Step(what, i + 1, cases.Count, watch.Elapsed);
        }
        if (failures > 0 && cases.Count > 1) console.Error($"{failures} of {cases.Count} cases failed.");
        return failures > 0 ? CommandLine.Failed : CommandLine.Done;
    }
}
