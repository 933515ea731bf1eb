using Microsoft.ML;
using Quickstart;
using REHRSeg;
using REHRSeg.Imaging;

// DATASET: a folder of thick-slice cases with labels. IMAGE: a thick-slice volume. PRESET: tiny, demo, cpu or paper.
if (args is not [var dataset, var image, var output, var presetName]) throw new ArgumentException("Quickstart DATASET IMAGE.nii.gz OUT PRESET");

TorchRuntime.EnsureLoaded();                                              // for systems with an older libstdc++
var preset = TrainingPreset.Named(presetName);
var ml = new MLContext(seed: 1);
ml.Log += (_, e) => Console.WriteLine(e.Message);

IDataView cases = ml.Data.LoadMedicalDataset(dataset);                    // rows of Id, Image, Label

var pipeline = ml.Transforms.SelfSuperResolution(preset.SelfSr)           // adds HrImage, HrLabel, Uncertainty
    .Append(ml.Transforms.PseudoData())                                   // r pseudo thick/thin pairs a case
    .Append(ml.Transforms.RehrSeg(preset.Segmentation));                  // adds LrSegmentation, HrSegmentation

var model = pipeline.Fit(cases).ForScoring();                             // needs the image alone
Directory.CreateDirectory(output);
ml.Model.Save(model, cases.Schema, Path.Combine(output, "model.zip"));

using var engine = ml.Model.CreatePredictionEngine<Case, Segmentation>(model);
var segmentation = engine.Predict(new() { Image = VolumeFile.Read(image) });
VolumeFile.Write(segmentation.LrSegmentation!, Path.Combine(output, "lr.nii.gz"), VolumeDataType.UInt8);   // the input's grid
VolumeFile.Write(segmentation.HrSegmentation!, Path.Combine(output, "hr.nii.gz"), VolumeDataType.UInt8);   // r times the slices
