using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using REHRSeg.Imaging;
using REHRSeg.Onnx;
using TorchSharp;

namespace REHRSeg.Benchmarks;

/// <summary>
/// Whole prediction of one volume, from a compressed file to two label files, by three programs with the same network and threads, each run in a process of its own:
/// ours with ONNX Runtime, ours with Torch, and <c>predict.py</c> (PyTorch, numpy, scipy, scikit-image). <c>--predict DIR [THREADS] [ROUNDS]</c> makes model and volume in DIR,
/// runs the three in turn, and prints medians and ratios. Python is <c>/usr/bin/python3</c> or the environment's <c>PYTHON</c>.
/// </summary>
internal static class PredictBenchmark
{
    static readonly string[] Programs = ["onnx", "torch", "python"];

    /// <summary>nnU-Net's usual widths at half of its base, r = 4, patches of 24 x 160 x 160.</summary>
    static readonly SegmentationArchitecture Architecture = new()
    {
        Classes = 3, Factor = 4, Features = [32, 64, 128, 256, 320], HighResolutionWidth = 32,
        Kernels = [new(1, 3, 3), new(1, 3, 3), new(3, 3, 3), new(3, 3, 3), new(3, 3, 3)], Strides = [new(1, 1, 1), new(1, 2, 2), new(1, 2, 2), new(2, 2, 2), new(2, 2, 2)],
    };

    static readonly SegmentationModelInfo Info = new()
    {
        Factor = 4, Patch = new(24, 160, 160), Divisor = Architecture.Divisor, TargetSpacing = [4, 0.75, 0.75], Labels = [new(0, "background"), new(1, "a"), new(2, "b")],
    };

    public static void Run(string[] args)
    {
        string folder = Path.GetFullPath(args[1]);
        int threads = args.Length > 2 ? Integer(args[2]) : 2, rounds = args.Length > 3 ? Integer(args[3]) : 3;
        Prepare(folder);
        var runs = Programs.ToDictionary(p => p, _ => new List<JsonElement>());
        for (int round = 0; round < rounds; round++)
            foreach (string program in Programs)
            {
                runs[program].Add(Child(program, folder, threads));
                Console.WriteLine($"round {round + 1}, {program}: {runs[program][^1]}");
            }
        double Median(string program, string field) => runs[program].Select(r => r.GetProperty(field).GetDouble()).Order().ElementAt(rounds / 2);
        Console.WriteLine($"{threads} threads, median of {rounds} rounds; different labels: onnx against torch {Different("onnx", "torch")}, onnx against python {Different("onnx", "python")} of {VolumeFile.ReadGeometry(Path.Combine(folder, "onnx_hr.nii.gz")).VoxelCount} thin voxels");
        foreach (string program in Programs)
            Console.WriteLine(FormattableString.Invariant($"{program,-7} process {Median(program, "process"):0.00} s, prediction {Median(program, "seconds"):0.00} s (network {Median(program, "network"):0.00} s, {Median(program, "network") / Median(program, "seconds"):0 %}), peak {Median(program, "peakMB"):0} MB; python / this: process {Median("python", "process") / Median(program, "process"):0.00}, prediction {Median("python", "seconds") / Median(program, "seconds"):0.00}, memory {Median("python", "peakMB") / Median(program, "peakMB"):0.00}"));

        int Different(string a, string b) => Labels(a).Zip(Labels(b)).Count(p => p.First != p.Second);
        float[] Labels(string program) => VolumeFile.Read(Path.Combine(folder, program + "_hr.nii.gz")).Voxels.ToArray();
    }

    /// <summary>One run of ours: <c>--predict-run onnx|torch DIR THREADS</c>.</summary>
    public static void RunOnce(string[] args)
    {
        var (program, folder, threads) = (args[1], args[2], Integer(args[3]));
        var watch = Stopwatch.StartNew();
        var image = VolumeFile.Read(Path.Combine(folder, "image.nii.gz"));
        using var network = new TimedModel(program == "onnx" ? OpenOnnx(folder, threads) : OpenTorch(folder, threads));
        var result = VolumeSegmenter.Segment(image, network, Info, new() { Mirror = false, BatchSize = program == "onnx" ? 1 : 2 });
        VolumeFile.Write(result.Lr!, Path.Combine(folder, program + "_lr.nii.gz"), VolumeDataType.UInt8);
        VolumeFile.Write(result.Hr!, Path.Combine(folder, program + "_hr.nii.gz"), VolumeDataType.UInt8);
        Console.WriteLine(JsonSerializer.Serialize(new { seconds = watch.Elapsed.TotalSeconds, network = network.Elapsed.TotalSeconds, peakMB = ApplicationMemory.Megabytes("VmHWM") }));
    }

    static IPatchModel OpenOnnx(string folder, int threads) => new OnnxVolumeScorer(Path.Combine(folder, "segmentation.onnx"), new() { Threads = threads }).Members[0].Model;

    static IPatchModel OpenTorch(string folder, int threads)
    {
        torch.set_num_threads(threads);
        using var file = File.OpenRead(Path.Combine(folder, "model.safetensors"));
        return RehrSegModel.Load(file).AsMember("torch").Model;
    }

    static void Prepare(string folder)
    {
        Directory.CreateDirectory(folder);
        using var model = new RehrSegModel(new SegmentationNetwork(Architecture, seed: 1), Info, torch.CPU);
        using (var file = File.Create(Path.Combine(folder, "model.safetensors"))) model.Save(file);
        using (var file = File.Create(Path.Combine(folder, "segmentation.onnx"))) model.ExportOnnx(file);
        var geometry = new VolumeGeometry([320, 320, 24], [0.7, 0.7, 4]);
        var random = new Random(1);
        var voxels = new float[geometry.VoxelCount];
        for (int z = 0, i = 0; z < 24; z++)
            for (int y = 0; y < 320; y++)
                for (int x = 0; x < 320; x++, i++)
                    voxels[i] = Math.Abs(x - 160) < 150 && Math.Abs(y - 160) < 150 ? (float)Math.Round(400 + 200 * Math.Sin(x / 9.0) * Math.Cos(y / 13.0 + z / 3.0) + 60 * random.NextDouble()) : 0;
        VolumeFile.Write(new(geometry, voxels), Path.Combine(folder, "image.nii.gz"), VolumeDataType.Int16);
        File.WriteAllText(Path.Combine(folder, "plan.json"), JsonSerializer.Serialize(new
        {
            features = Architecture.Features, kernels = Sizes(Architecture.Kernels), strides = Sizes(Architecture.Strides), width = Architecture.HighResolutionWidth,
            patch = Sizes([Info.Patch])[0], spacing = Info.TargetSpacing, classes = Architecture.Classes, factor = Info.Factor, step = Info.TileStep, sigma = Info.GaussianSigma,
        }));

        static int[][] Sizes(ImmutableArray<PatchShape> shapes) => [.. shapes.Select(s => (int[])[s.Depth, s.Height, s.Width])];
    }

    static JsonElement Child(string program, string folder, int threads)
    {
        string[] command = program == "python"
            ? [Environment.GetEnvironmentVariable("PYTHON") ?? "/usr/bin/python3", Path.Combine(AppContext.BaseDirectory, "predict.py"), folder, $"{threads}"]
            : ["dotnet", typeof(PredictBenchmark).Assembly.Location, "--predict-run", program, folder, $"{threads}"];
        var watch = Stopwatch.StartNew();
        var start = new ProcessStartInfo(command[0], command[1..]) { RedirectStandardOutput = true };
        start.Environment["OMP_NUM_THREADS"] = $"{threads}";
        using var process = Process.Start(start)!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0) throw new InvalidOperationException($"{string.Join(' ', command)} ended with {process.ExitCode}.");
        var result = JsonSerializer.Deserialize<Dictionary<string, double>>(output.Trim().Split('\n')[^1])!;
        result["process"] = watch.Elapsed.TotalSeconds;
        return JsonSerializer.SerializeToElement(result);
    }

    static int Integer(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    /// <summary>Adds up the time within a network.</summary>
    sealed class TimedModel(IPatchModel inner) : IPatchModel
    {
        readonly Stopwatch _watch = new();

        public TimeSpan Elapsed => _watch.Elapsed;

        public void Run(ReadOnlyMemory<float> patches, int batch, PatchShape shape, Memory<float> lr, Memory<float> hr, CancellationToken cancellationToken)
        {
            _watch.Start();
            inner.Run(patches, batch, shape, lr, hr, cancellationToken);
            _watch.Stop();
        }

        public void Dispose() => inner.Dispose();
    }
}
