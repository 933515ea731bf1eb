// FOLDER OUT: loads FOLDER/model.zip, names its members, segments FOLDER/image.nii.gz.
using Microsoft.ML;
using Microsoft.ML.Data;
using REHRSeg;
using REHRSeg.Imaging;

var (folder, output) = (args[0], args[1]);
TorchRuntime.EnsureLoaded();
TorchRuntime.Threads = 1;
var ml = new MLContext();
var loaded = (TransformerChain<ITransformer>)ml.Model.Load(Path.Combine(folder, "model.zip"), out _);
Console.WriteLine("members: " + string.Join(", ", loaded.Select(t => t.GetType().FullName)));
var selfSr = (SelfSrTransformer)loaded.First();
var segmenter = (RehrSegTransformer)loaded.LastTransformer;
Console.WriteLine($"factors: {selfSr.Model.Info.Factor}, {segmenter.Model.Info.Factor}");

using var engine = ml.Model.CreatePredictionEngine<Case, Segmentation>(loaded.ForScoring());
var segmentation = engine.Predict(new() { Image = VolumeFile.Read(Path.Combine(folder, "image.nii.gz")) });
VolumeFile.Write(segmentation.LrSegmentation!, Path.Combine(output, "lr.nii.gz"), VolumeDataType.UInt8);
VolumeFile.Write(segmentation.HrSegmentation!, Path.Combine(output, "hr.nii.gz"), VolumeDataType.UInt8);
VolumeFile.Write(segmentation.HrProbabilities!, Path.Combine(output, "probabilities.nii.gz"));

sealed class Case
{
    [VolumeType] public MLVolume? Image { get; set; }
}

sealed class Segmentation
{
    [VolumeType] public MLVolume? LrSegmentation { get; set; }
    [VolumeType] public MLVolume? HrSegmentation { get; set; }
    [VolumeType] public MLVolume? HrProbabilities { get; set; }
}
