// Scores volumes with an exported model, without Torch: one directly, a folder by an ML.NET pipeline.
//   dotnet run -c Release --project samples/ScorePipeline -- segmentation.onnx FOLDER OUT
using Microsoft.ML;
using REHRSeg.Imaging;
using REHRSeg.Onnx;
using ScorePipeline;

if (args.Length < 3)
{
    Console.Error.WriteLine("ScorePipeline segmentation.onnx FOLDER OUT");
    return 2;
}
var (model, folder, output) = (args[0], args[1], args[2]);
string[] files = [.. Directory.EnumerateFiles(folder, "*.nii.gz").Order(StringComparer.Ordinal)];

// One volume: load the scorer once, then call it from any thread.
using (var scorer = new OnnxVolumeScorer(model))
{
    var result = scorer.Score(VolumeFile.Read(files[0]), new() { Lr = false });
    VolumeFile.Write(result.Hr!, Path.Combine(output, "first.nii.gz"), VolumeDataType.UInt8);
    Console.WriteLine($"{files[0]}: {result.Hr}; labels {string.Join(", ", scorer.Info.Labels.Select(l => l.Name))}");
}

// A folder: rows of paths become rows of volumes become rows of labels, one at a time.
var ml = new MLContext();
var paths = ml.Data.LoadFromEnumerable(files.Select(f => new Input { Path = f }));
var pipeline = ml.Transforms.LoadVolumes("Image", "Path").Append(ml.Transforms.ScoreVolumes(model));
using var fitted = pipeline.Fit(paths);
foreach (var row in ml.Data.CreateEnumerable<Output>(fitted.Transform(paths), reuseRowObject: false))
{
    string name = Path.GetFileName(row.Path);
    VolumeFile.Write(row.LrSegmentation!, Path.Combine(output, "lr", name), VolumeDataType.UInt8);
    VolumeFile.Write(row.HrSegmentation!, Path.Combine(output, "hr", name), VolumeDataType.UInt8);
    Console.WriteLine($"{name}: {row.HrSegmentation}");
}
return 0;
