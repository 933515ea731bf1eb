using REHRSeg.Fuzz;
using REHRSeg.Imaging;
using SharpFuzz;

// afl-fuzz ... -- dotnet REHRSeg.Fuzz.dll nifti|nrrd|metaimage         one input after the other from AFL++
// dotnet REHRSeg.Fuzz.dll seeds FOLDER                                 writes the inputs to start from, one folder a format
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
        Console.Error.WriteLine("usage: nifti|nrrd|metaimage   or   seeds FOLDER   or   replay FORMAT FILE...");
        return 2;
}
