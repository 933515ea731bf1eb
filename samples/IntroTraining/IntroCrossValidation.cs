using Microsoft.ML;
using REHRSeg;
using REHRSeg.Imaging;

namespace IntroTraining;

/// <summary>Trains and scores a segmenter on each of several folds. Whole cases are held out, by nnU-Net's split.</summary>
static class IntroCrossValidation
{
    public static void Main(string[] args)
    {
        if (args is not [var dataset, var folds, var presetName, var method])
            throw new ArgumentException("CrossValidation DATASET FOLDS tiny|demo|cpu|paper NnUNet|NnUNet2D|NnUNetInterpolated");

        TorchRuntime.EnsureLoaded();                                                                  // for systems with an older libstdc++
        var ml = new MLContext(seed: 1);
        IDataView cases = ml.Data.LoadMedicalDataset(dataset);
        var options = TrainingPreset.Named(presetName).Segmentation with { Method = Enum.Parse<SegmentationMethod>(method) };

        // A fold's held-out cases are measured while it trains and choose nothing.
        foreach (var fold in ml.MedicalImaging.CrossValidate(cases, (k, rows) => ml.Transforms.RehrSeg(options with { ValidationSet = rows.TestSet }), int.Parse(folds)))
        {
            Console.WriteLine($"fold {fold.Fold}: DSC {fold.Metrics.MeanDice:0.000}, HD95 {fold.Metrics.MeanHausdorffDistance95:0.00} mm");
            (fold.Model as IDisposable)?.Dispose();
        }
    }
}
