using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using REHRSeg.Imaging;

namespace REHRSeg.Benchmarks;

/// <summary>
/// REHRSeg.Imaging against scipy, scikit-image and nibabel (<c>imaging.py</c>): <c>--resample|--io|--distance DIR [ROUNDS] [CASE]</c> makes the inputs in DIR, then runs
/// each case in turn by both programs, each time in a process of its own, and prints medians and ratios. A process does the work three times: "first" is the
/// first call, with just-in-time compilation and without imports, "later" the better of the other two, "cpu" the processor time of that one, "added" the peak
/// of the first call's memory above what was held before it (the input). Python is <c>/usr/bin/python3</c> or the environment's <c>PYTHON</c>.
/// </summary>
internal static class ImagingBenchmark
{
    public const string RunOption = "--imaging-run";

    static readonly string[] s_programs = ["ours", "python"], s_figures = ["first", "later", "cpu", "addedMB", "peakMB"];

    static readonly Dictionary<string, string[]> s_cases = new()
    {
        ["--resample"] = ["refine", "plane", "whole", "rotated", "labels"],
        ["--io"] = ["write.nii", "write.nii.gz", "read.nii", "read.nii.gz"],
        ["--distance"] = ["edt", "metrics"],
    };

    public static void Run(string[] args)
    {
        string folder = Path.GetFullPath(args[1]);
        int rounds = args.Length > 2 ? int.Parse(args[2], CultureInfo.InvariantCulture) : 3;
        Prepare(folder, args[0]);
        Console.WriteLine($"{Environment.ProcessorCount} cores, median of {rounds} rounds; seconds, MB");
        foreach (string name in s_cases[args[0]].Where(c => args.Length < 4 || c == args[3]))
        {
            var runs = s_programs.ToDictionary(p => p, _ => new List<Dictionary<string, double>>());
            for (int round = 0; round < rounds; round++)
                foreach (string program in s_programs) runs[program].Add(Child(program, name, folder));
            double Median(string program, string figure) => runs[program].Select(r => r[figure]).Order().ElementAt(rounds / 2);
            foreach (string program in s_programs)
                Console.WriteLine($"{name,-12} {program,-6} " + string.Join("  ", s_figures.Select(f => FormattableString.Invariant($"{f} {Median(program, f):0.###}"))));
            Console.WriteLine($"{name,-12} python / ours: " + string.Join("  ", s_figures.Select(f => FormattableString.Invariant($"{f} {Median("python", f) / Math.Max(Median("ours", f), 1e-3):0.0}")))
                + FormattableString.Invariant($"  (results: {Median("ours", "check"):0.######} and {Median("python", "check"):0.######})"));
        }
    }

    static Dictionary<string, double> Child(string program, string name, string folder)
    {
        string[] command = program == "python"
            ? [Environment.GetEnvironmentVariable("PYTHON") ?? "/usr/bin/python3", "-W", "ignore", Path.Combine(AppContext.BaseDirectory, "imaging.py"), name, folder]
            : ["dotnet", typeof(ImagingBenchmark).Assembly.Location, RunOption, name, folder];
        using var process = Process.Start(new ProcessStartInfo(command[0], command[1..]) { RedirectStandardOutput = true })!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0) throw new InvalidOperationException($"{string.Join(' ', command)} ended with {process.ExitCode}.");
        return JsonSerializer.Deserialize<Dictionary<string, double>>(output.Trim().Split('\n')[^1])!;
    }

    static void Prepare(string folder, string mode)
    {
        Directory.CreateDirectory(folder);
        if (mode == "--distance")
        {
            Save(folder, "masks", Phantom(256, 256, 160, (x, y, z, _) => Ball(x, y, z, 0) + 2 * Ball(x, y, z, 3)));
            return;
        }
        if (mode == "--io")
        {
            var volume = Phantom(512, 512, 200, (x, y, z, random) => Tissue(x, y, z, random, 256));
            Save(folder, "ct", volume);
            foreach (string ending in (string[])[".nii", ".nii.gz"]) VolumeFile.Write(volume, Path.Combine(folder, "read" + ending), VolumeDataType.Int16);
            return;
        }
        Save(folder, "thick", Phantom(256, 256, 40, (x, y, z, random) => Tissue(x, y, 4 * z, random, 128)));
        Save(folder, "thin", Phantom(256, 256, 160, (x, y, z, random) => Tissue(x, y, z, random, 128)));
        Save(folder, "large", Phantom(512, 512, 200, (x, y, z, random) => Tissue(x, y, z, random, 256)));
        Save(folder, "organs", Phantom(256, 256, 60, (x, y, z, _) => (x / 37 + y / 41 * 3 + z / 17 * 5) % 14));
    }

    static float Ball(int x, int y, int z, int shift) => (x - 120 - shift) * (x - 120 - shift) + (y - 130) * (y - 130) + 4 * (z - 80 + shift) * (z - 80 + shift) < 70 * 70 ? 1 : 0;

    /// <summary>Integers as of a CT: air outside a cylinder, structure and noise within.</summary>
    static float Tissue(int x, int y, int z, Random random, int middle) =>
        (x - middle) * (x - middle) + (y - middle) * (y - middle) > middle * middle * 0.8 ? -1000 : MathF.Round(40 + 200 * MathF.Sin(x / 19f) * MathF.Cos(y / 23f + z / 31f) + 24 * random.NextSingle());

    static MLVolume Phantom(int width, int height, int depth, Func<int, int, int, Random, float> value)
    {
        var (voxels, random) = (new float[width * height * depth], new Random(1));
        for (int z = 0, i = 0; z < depth; z++)
            for (int y = 0; y < height; y++)
                for (int x = 0; x < width; x++, i++) voxels[i] = value(x, y, z, random);
        return new(new([width, height, depth], [0.7, 0.7, 1.25]), voxels);
    }

    static void Save(string folder, string name, MLVolume volume)
    {
        using var file = File.Create(Path.Combine(folder, name + ".f32"));
        file.Write(MemoryMarshal.AsBytes(volume.Voxels));
    }
}
