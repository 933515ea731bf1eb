using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using REHRSeg.Imaging;

namespace REHRSeg.Benchmarks;

/// <summary>Our side of <see cref="ImagingBenchmark"/>: one case in this process.</summary>
internal static class ImagingCases
{
    public static void RunOnce(string[] args)
    {
        var (name, folder) = (args[1], args[2]);
        var (work, check) = Case(name, folder);
        var (first, before) = (TimeSpan.Zero, 0L);
        var later = new List<(double Seconds, double Cpu)>();
        long peak = 0;
        for (int i = 0; i < 3; i++)
        {
            GC.Collect();
            if (i == 0)
            {
                ResetPeak();
                before = StatusKB("VmRSS");
            }
            var cpu = Process.GetCurrentProcess().TotalProcessorTime;
            var watch = Stopwatch.StartNew();
            work();
            later.Add((watch.Elapsed.TotalSeconds, (Process.GetCurrentProcess().TotalProcessorTime - cpu).TotalSeconds));
            if (i == 0) (first, peak) = (watch.Elapsed, StatusKB("VmHWM"));
        }
        var (seconds, processor) = later[1..].MinBy(l => l.Seconds);
        Console.WriteLine(JsonSerializer.Serialize(new { first = first.TotalSeconds, later = seconds, cpu = processor, addedMB = (peak - before) / 1024.0, peakMB = peak / 1024.0, check = check() }));
    }

    static (Action Work, Func<double> Check) Case(string name, string folder)
    {
        MLVolume? result = null;
        Func<double> mean = () => System.Numerics.Tensors.TensorPrimitives.Sum(Array.ConvertAll(result!.Voxels.ToArray(), v => (double)v)) / result.Voxels.Length;
        MLVolume Load(string file, int width, int height, int depth)
        {
            var voxels = new float[width * height * depth];
            using var stream = File.OpenRead(Path.Combine(folder, file + ".f32"));
            stream.ReadExactly(MemoryMarshal.AsBytes(voxels.AsSpan()));
            return new(new([width, height, depth], [0.7, 0.7, 1.25]), voxels);
        }
        switch (name)
        {
            case "refine":
                var thick = Load("thick", 256, 256, 40);
                return (() => result = Resampler.Resize(thick, [256, 256, 160]), mean);
            case "plane" or "whole":
                var large = Load("large", 512, 512, 200);
                return (() => result = Resampler.Resize(large, [384, 384, name == "plane" ? 200 : 150]), mean);
            case "rotated":
                var thin = Load("thin", 256, 256, 160);
                double c = Math.Cos(0.2), s = Math.Sin(0.2);
                // Turned about z in the plane of indices, as the script does, whose spacing is 1.
                var source = new MLVolume(new([256, 256, 160], [1, 1, 1]), thin.Memory);
                var turned = new VolumeGeometry([256, 256, 160], [1, 1, 1], [20, -10, 3.3], [c, -s, 0, s, c, 0, 0, 0, 1]);
                return (() => result = Resampler.OntoGrid(source, turned, 3, OutsideRule.Replicate), mean);
            case "labels":
                var organs = Load("organs", 256, 256, 60);
                return (() => result = Resampler.ResizeLabels(organs, [300, 300, 100]), mean);
            case "write.nii" or "write.nii.gz":
                var ct = Load("ct", 512, 512, 200);
                string target = Path.Combine(folder, "ours." + name["write.".Length..]);
                return (() => VolumeFile.Write(ct, target, VolumeDataType.Int16), () => new FileInfo(target).Length / 1e6);
            case "read.nii" or "read.nii.gz":
                return (() => result = VolumeFile.Read(Path.Combine(folder, name)), mean);
            case "edt" or "metrics":
                var masks = Load("masks", 256, 256, 160);
                var mask = new bool[masks.Voxels.Length];
                for (int i = 0; i < mask.Length; i++) mask[i] = masks.Voxels[i] is 1 or 3;
                if (name == "edt") return (() => result = masks.WithVoxels(DistanceTransform.Distance(mask, [256, 256, 160], [0.7, 0.7, 1.25])), mean);
                MLVolume Part(int bit) => masks.WithVoxels(Array.ConvertAll(masks.Voxels.ToArray(), v => ((int)v & bit) != 0 ? 1f : 0));
                MLVolume p = Part(1), r = Part(2);
                LabelAgreement? agreement = null;
                return (() => agreement = Metrics.Compare(p, r, 1), () => agreement!.HausdorffDistance95 + agreement.AverageSurfaceDistance);
            default:
                throw new ArgumentException($"{name} is not a case.", nameof(name));
        }
    }

    /// <summary>Linux: the peak begins anew.</summary>
    static void ResetPeak() => File.WriteAllText("/proc/self/clear_refs", "5");

    static long StatusKB(string field) =>
        long.Parse(File.ReadLines("/proc/self/status").Single(l => l.StartsWith(field + ":", StringComparison.Ordinal)).Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
}
