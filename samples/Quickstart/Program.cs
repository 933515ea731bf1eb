// Trains on a folder of annotated thick-slice cases, saves the scoring model, segments one volume on thin slices.
//   dotnet run -c Release --project samples/Quickstart -- DATASET IMAGE.nii.gz OUT [--tiny]
using Microsoft.ML;
using Microsoft.ML.Runtime;
using Quickstart;
using REHRSeg;
using REHRSeg.Imaging;

if (args.Length < 3)
{
    Console.Error.WriteLine("Quickstart DATASET IMAGE.nii.gz OUT [--tiny]");
    return 2;
}
var (dataset, image, output) = (args[0], args[1], args[2]);
bool tiny = args.Contains("--tiny");
Directory.CreateDirectory(output);

var ml = new MLContext(seed: 1);
ml.Log += (_, e) => { if (e.Kind >= ChannelMessageKind.Info) Console.WriteLine(e.Message); };

IDataView cases = ml.Data.LoadMedicalDataset(dataset);                                  // rows of Id, Image, Label

var pipeline = ml.Transforms.SelfSuperResolution(tiny ? Presets.TinySelfSr : new())      // adds HrImage, HrLabel, Uncertainty
    .Append(ml.Transforms.PseudoData())                                                 // r pseudo thick/thin pairs a case
    .Append(ml.Transforms.RehrSeg(tiny ? Presets.TinyRehrSeg : new()));                 // adds LrSegmentation, HrSegmentation

var model = pipeline.Fit(cases).ForScoring();                                           // needs the image alone
ml.Model.Save(model, cases.Schema, Path.Combine(output, "model.zip"));

using var engine = ml.Model.CreatePredictionEngine<Case, Segmentation>(model);
var segmentation = engine.Predict(new() { Image = VolumeFile.Read(image) });
VolumeFile.Write(segmentation.LrSegmentation!, Path.Combine(output, "lr.nii.gz"), VolumeDataType.UInt8);
VolumeFile.Write(segmentation.HrSegmentation!, Path.Combine(output, "hr.nii.gz"), VolumeDataType.UInt8);
Console.WriteLine($"{segmentation.LrSegmentation} -> {segmentation.HrSegmentation}");
return 0;
