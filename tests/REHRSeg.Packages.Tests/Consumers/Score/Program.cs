// MODEL IMAGE OUT: label maps by the scorer, and again by a saved and loaded ML.NET pipeline. Prints the time from the process's start to the first label map.
using System.Diagnostics;
using Microsoft.ML;
using Microsoft.ML.Data;
using REHRSeg.Imaging;
using REHRSeg.Onnx;

var (model, image, output) = (args[0], args[1], args[2]);
using (var scorer = new OnnxVolumeScorer(model))
{
    var result = scorer.Score(VolumeFile.Read(image));
    using var process = Process.GetCurrentProcess();
    Console.WriteLine($"cold start to first label map: {(DateTime.Now - process.StartTime).TotalMilliseconds:0} ms");
    VolumeFile.Write(result.Lr!, Path.Combine(output, "lr.nii.gz"), VolumeDataType.UInt8);
    VolumeFile.Write(result.Hr!, Path.Combine(output, "hr.nii.gz"), VolumeDataType.UInt8);
}

var ml = new MLContext();
var rows = ml.Data.LoadFromEnumerable([new Input { Path = image }]);
string file = Path.Combine(output, "pipeline.zip");
using (var fitted = ml.Transforms.LoadVolumes("Image", "Path").Append(ml.Transforms.ScoreVolumes(model)).Fit(rows))
    ml.Model.Save(fitted, rows.Schema, file);
var loaded = (TransformerChain<ITransformer>)new MLContext().Model.Load(file, out _);
Console.WriteLine("pipeline: " + string.Join(", ", loaded.Select(t => t.GetType().FullName)));
using var engine = ml.Model.CreatePredictionEngine<Input, Output>(loaded);
VolumeFile.Write(engine.Predict(new() { Path = image }).HrSegmentation!, Path.Combine(output, "pipeline_hr.nii.gz"), VolumeDataType.UInt8);

sealed class Input
{
    public string Path { get; set; } = "";
}

sealed class Output
{
    [VolumeType] public MLVolume? LrSegmentation { get; set; }
    [VolumeType] public MLVolume? HrSegmentation { get; set; }
}
