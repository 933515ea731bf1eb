// A program that has only the packages: loads a saved model without registering anything and names its members; with IMAGE LR HR it segments a volume.
// FILE.onnx NUMBERS runs a network alone and tells its memory (NetworkRun).
using System.Diagnostics;
using System.Globalization;
using Microsoft.ML;
using REHRSeg.Imaging;
using REHRSeg.LoadProbe;

if (args[0].EndsWith(".onnx", StringComparison.Ordinal))
{
    NetworkRun.Tell(args[0], [.. args[1..].Select(n => int.Parse(n, CultureInfo.InvariantCulture))]);
    return;
}
var ml = new MLContext();
var loaded = ml.Model.Load(args[0], out _);
using (var process = Process.GetCurrentProcess()) Console.Error.WriteLine($"peak {process.PeakWorkingSet64}");
foreach (var member in loaded as IEnumerable<ITransformer> ?? [loaded]) Console.WriteLine(member.GetType().FullName);
if (args is not [_, var image, var lr, var hr]) return;
using var engine = ml.Model.CreatePredictionEngine<Input, Output>(loaded);
var output = engine.Predict(new() { Image = VolumeFile.Read(image) });
VolumeFile.Write(output.LrSegmentation!, lr);
VolumeFile.Write(output.HrSegmentation!, hr);

namespace REHRSeg.LoadProbe
{
    sealed class Input
    {
        [VolumeType] public MLVolume? Image { get; set; }
    }

    sealed class Output
    {
        [VolumeType] public MLVolume? LrSegmentation { get; set; }
        [VolumeType] public MLVolume? HrSegmentation { get; set; }
    }
}
