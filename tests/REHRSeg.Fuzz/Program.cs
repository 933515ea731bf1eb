using REHRSeg.Fuzz;
using REHRSeg.Imaging;
using SharpFuzz;

// afl-fuzz ... -- dotnet REHRSeg.Fuzz.dll nifti|nrrd|metaimage         one input after the other from AFL++
// dotnet REHRSeg.Fuzz.dll seeds FOLDER                                 writes the inputs to start from, one folder a format
// dotnet REHRSeg.Fuzz.dll mutate FORMAT SECONDS SEED                   random damage without AFL++ and instrumentation; stops at the first finding
// dotnet REHRSeg.Fuzz.dll replay FORMAT FILE...                        runs files once, to look at what a fuzzer found
switch (args)
{
    case ["seeds", var folder]:
        Seeds.Write(folder);
        return 0;
    case ["replay", var format, .. var files]:
        foreach (string file in files)
        {
            Target.Of(format)(File.ReadAllBytes(file));
            Console.WriteLine($"{file}: no finding");
        }
        return 0;
    case ["mutate", var format, var seconds, var seed]:
        return Mutate(format, TimeSpan.FromSeconds(int.Parse(seconds)), new Random(int.Parse(seed)));
    case [var format]:
        var target = Target.Of(format);
        Fuzzer.Run(stream =>
        {
            using var copy = new MemoryStream();
            stream.CopyTo(copy);
            target(copy.ToArray());
        });
        return 0;
    default:
        Console.Error.WriteLine("usage: nifti|nrrd|metaimage   or   seeds FOLDER   or   mutate FORMAT SECONDS SEED   or   replay FORMAT FILE...");
        return 2;
}

static int Mutate(string format, TimeSpan time, Random random)
{
    var folder = Directory.CreateTempSubdirectory("rehrseg-fuzz-");
    Seeds.Write(folder.FullName);
    byte[][] seeds = [.. Directory.GetFiles(Path.Combine(folder.FullName, format)).Order(StringComparer.Ordinal).Select(File.ReadAllBytes)];
    folder.Delete(recursive: true);
    var (target, clock, executions) = (Target.Of(format), System.Diagnostics.Stopwatch.StartNew(), 0L);
    for (; clock.Elapsed < time; executions++)
    {
        byte[] bytes = Mutation.Of(seeds[random.Next(seeds.Length)], random);
        try
        {
            target(bytes);
        }
        catch (Exception e)
        {
            string file = Path.GetFullPath($"finding-{format}-{executions}");
            File.WriteAllBytes(file, bytes);
            Console.Error.WriteLine($"{file}: {e}");
            return 1;
        }
    }
    Console.WriteLine($"{format}: {executions} executions, no finding");
    return 0;
}
