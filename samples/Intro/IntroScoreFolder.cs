using REHRSeg.Imaging;
using REHRSeg.Onnx;

namespace Intro;

/// <summary>Segments a folder, several files at a time. A file that fails is reported and the others go on; Ctrl-C stops within a run of the network.</summary>
static class IntroScoreFolder
{
    public static async Task<int> Main(string[] args)
    {
        if (args is not [var model, var folder, var output, var atATime]) throw new ArgumentException("ScoreFolder segmentation.onnx FOLDER OUT FILES_AT_A_TIME");
        using var cancel = new CancellationTokenSource();
        Console.CancelKeyPress += (_, e) => { e.Cancel = true; cancel.Cancel(); };

        // One scorer for all: the weights are in memory once. Each volume has working memory of its own, which MemoryLimit bounds in all.
        using var scorer = new OnnxVolumeScorer(model, new() { MaxConcurrency = int.Parse(atATime), MemoryLimit = 8L << 30 });
        string[] files = [.. Directory.EnumerateFiles(folder).Where(f => VolumeFile.EndingOf(f) is not null).Order(StringComparer.Ordinal)];
        int done = 0, failed = 0;
        try
        {
            await Parallel.ForEachAsync(files, new ParallelOptions { MaxDegreeOfParallelism = int.Parse(atATime), CancellationToken = cancel.Token }, async (file, token) =>
            {
                string name = VolumeFile.NameWithoutEnding(file);
                try
                {
                    var result = await scorer.ScoreAsync(VolumeFile.Read(file), new() { Lr = false }, token);
                    VolumeFile.WriteLabels(result.Hr!, Path.Combine(output, name + ".nii.gz"));       // whole or not at all, never half
                    Console.WriteLine($"{Interlocked.Increment(ref done)} of {files.Length}: {name}");
                }
                catch (Exception e) when (e is not OperationCanceledException)                        // damaged, of other channels, beyond the memory limit, disk full
                {
                    Interlocked.Increment(ref failed);
                    Console.Error.WriteLine($"{name} failed: {e.Message}");
                }
            });
        }
        catch (OperationCanceledException)
        {
            Console.Error.WriteLine($"Stopped: {done} of {files.Length} are written.");
            return 130;
        }
        return failed == 0 ? 0 : 1;
    }
}
