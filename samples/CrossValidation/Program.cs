using Microsoft.ML;
using REHRSeg;
using REHRSeg.Imaging;

// DATASET: a folder of annotated thick-slice cases. FOLDS: at least 2. PRESET: tiny, demo, cpu or paper. METHOD: NnUNet, NnUNet2D or NnUNetInterpolated.
if (args is not [var dataset, var folds, var presetName, var method]) throw new ArgumentException("CrossValidation DATASET FOLDS PRESET METHOD");

TorchRuntime.EnsureLoaded();
var ml = new MLContext(seed: 1);
IDataView cases = ml.Data.LoadMedicalDataset(dataset);
var options = TrainingPreset.Named(presetName).Segmentation with { Method = Enum.Parse<SegmentationMethod>(method) };

// Whole cases are held out, by nnU-Net's split; a fold's held-out cases are measured while it trains and choose nothing.
foreach (var fold in ml.MedicalImaging.CrossValidate(cases, (k, rows) => ml.Transforms.RehrSeg(options with { ValidationSet = rows.TestSet }), int.Parse(folds)))
{
    Console.WriteLine($"fold {fold.Fold}: DSC {fold.Metrics.MeanDice:0.000}, HD95 {fold.Metrics.MeanHausdorffDistance95:0.00} mm");
    (fold.Model as IDisposable)?.Dispose();
}
