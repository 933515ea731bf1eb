// OUT: trains both stages on phantoms, saves the whole fitted chain, segments a phantom that it did not see.
using Microsoft.ML;
using REHRSeg;
using REHRSeg.Imaging;

string output = args[0];
TorchRuntime.EnsureLoaded();
TorchRuntime.Threads = 1;
var ml = new MLContext(seed: 1);
Case[] cases = [.. PhantomGenerator.GenerateMany(4, seed: 1, 32, 32, 32).Select(p => new Case
{
    Id = p.Id,
    Image = ThickSliceSimulator.Image(p.Image, SliceAxis.Z, SliceProfile.Gaussian(2)),
    Label = ThickSliceSimulator.Label(p.Label, SliceAxis.Z, 2),
})];
var rows = ml.Data.LoadFromEnumerable(cases[..3]);

var preset = TrainingPreset.Named("tiny");
var pipeline = ml.Transforms.SelfSuperResolution(preset.SelfSr).Append(ml.Transforms.PseudoData())
    .Append(ml.Transforms.RehrSeg(preset.Segmentation with { HrProbabilitiesColumnName = "HrProbabilities" }));
var fitted = pipeline.Fit(rows);
ml.Model.Save(fitted, rows.Schema, Path.Combine(output, "model.zip"));

VolumeFile.Write(cases[3].Image!, Path.Combine(output, "image.nii.gz"));
using var engine = ml.Model.CreatePredictionEngine<Case, Segmentation>(fitted.ForScoring());
var segmentation = engine.Predict(new() { Image = VolumeFile.Read(Path.Combine(output, "image.nii.gz")) });
VolumeFile.Write(segmentation.LrSegmentation!, Path.Combine(output, "lr.nii.gz"), VolumeDataType.UInt8);
VolumeFile.Write(segmentation.HrSegmentation!, Path.Combine(output, "hr.nii.gz"), VolumeDataType.UInt8);
VolumeFile.Write(segmentation.HrProbabilities!, Path.Combine(output, "probabilities.nii.gz"));

sealed class Case
{
    public string Id { get; set; } = ""; // ML.NET saves no schema of volumes alone
    [VolumeType] public MLVolume? Image { get; set; }
    [VolumeType] public MLVolume? Label { get; set; }
}

sealed class Segmentation
{
    [VolumeType] public MLVolume? LrSegmentation { get; set; }
    [VolumeType] public MLVolume? HrSegmentation { get; set; }
    [VolumeType] public MLVolume? HrProbabilities { get; set; }
}
