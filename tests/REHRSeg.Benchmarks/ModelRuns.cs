using System.Diagnostics;
using System.Globalization;
using REHRSeg.Onnx;

namespace REHRSeg.Benchmarks;

/// <summary>
/// One run of exported segmenters of the same shapes, in turn in one process: <c>--model-runs THREADS BATCH FILE.onnx...</c>. Medians of 21 runs of both outputs and of the thick one alone, and
/// each file's time over the first one's.
/// </summary>
internal static class ModelRuns
{
    const int Rounds = 21;

    public static void Run(string[] args)
    {
        int threads = int.Parse(args[1], CultureInfo.InvariantCulture), batch = int.Parse(args[2], CultureInfo.InvariantCulture);
        var scorers = args[3..].Select(file => new OnnxVolumeScorer(file, new() { Threads = threads })).ToArray();
        var info = scorers[0].Info;
        var patch = info.Patch.RoundUpTo(info.Divisor);
        var random = new Random(1);
        float[] input = [.. Enumerable.Range(0, batch * info.Channels * patch.Voxels).Select(_ => random.NextSingle() * 2 - 1)];
        float[] lr = new float[batch * info.Labels.Length * patch.Voxels], hr = new float[info.Factor * lr.Length];
        var times = scorers.Select(_ => (Both: new List<double>(), Thick: new List<double>())).ToArray();
        for (int round = -1; round < Rounds; round++) // the first one warms up
            for (int m = 0; m < scorers.Length; m++)
            {
                double both = Milliseconds(scorers[m], hr), thick = Milliseconds(scorers[m], default);
                if (round < 0) continue;
                times[m].Both.Add(both);
                times[m].Thick.Add(thick);
            }
        Console.WriteLine($"{batch} x {patch}, {info.Labels.Length} classes, r = {info.Factor}, {threads} threads, medians of {Rounds}");
        for (int m = 0; m < scorers.Length; m++)
        {
            Console.WriteLine(FormattableString.Invariant($"{args[3 + m]}, {new FileInfo(args[3 + m]).Length} bytes: both {Median(times[m].Both):0.0} ms, thick alone {Median(times[m].Thick):0.0} ms, time over the first file's {Median(times[m].Both) / Median(times[0].Both):0.00}"));
            scorers[m].Dispose();
        }

        double Milliseconds(OnnxVolumeScorer scorer, Memory<float> thin)
        {
            var watch = Stopwatch.StartNew();
            scorer.Members[0].Model.Run(input, batch, patch, lr, thin, default);
            return watch.Elapsed.TotalMilliseconds;
        }
    }

    static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);
}
