using REHRSeg.Imaging;
using REHRSeg.Onnx;

namespace REHRSeg;

/// <summary>Fits the temperature of a trained segmenter's probabilities on held-out cases (<see cref="RehrSegOptions.CalibrateProbabilities"/>).</summary>
internal static class ProbabilityCalibration
{
    /// <summary>The model with temperatures; as it is where nothing is asked for, no case is held out, or none can be fitted.</summary>
    /// <param name="model">Taken over; disposed where this fails.</param>
    /// <param name="validation">Held-out cases; each is segmented on thick slices as at scoring.</param>
    /// <param name="options">Says whether to calibrate.</param>
    /// <param name="context">Seed, log, cancellation.</param>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static RehrSegModel Apply(RehrSegModel model, IReadOnlyList<TrainingCase> validation, RehrSegOptions options, TrainingContext context)
    {
        if (!options.CalibrateProbabilities || validation.Count == 0) return model;
        try
        {
            var fit = new TemperatureFit(model.Info.Labels, seed: context.Seed);
            var request = new SegmentationRequest { Hr = false, PostProcess = false, Probabilities = true, Calibrate = false, Axis = options.Axis };
            foreach (var held in validation) fit.Add(model.Predict(held.Image, request, context.CancellationToken).LrProbabilities!, held.Label);
            var found = fit.Fit();
            if (found.AtLimit)
            {
                context.Warn(FormattableString.Invariant($"No temperature is stored: the best one is beyond {found.Temperature}, so the {validation.Count} held-out cases are too few or too easy to fit one. Give more, or set {nameof(RehrSegOptions.CalibrateProbabilities)} to false."));
                return model;
            }
            context.Log(FormattableString.Invariant($"Temperature {found.Temperature:0.0000}: negative log-likelihood of {validation.Count} held-out cases {found.LossBefore:0.00000} -> {found.LossAfter:0.00000}{(model.Info.CanSegmentThin ? "; taken for thin slices too" : "")}."));
            model.UseTemperatures(found.Temperature, model.Info.CanSegmentThin ? found.Temperature : null);
            return model;
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }
}
