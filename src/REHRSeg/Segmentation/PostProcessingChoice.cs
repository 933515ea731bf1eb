using REHRSeg.Imaging;
using REHRSeg.Onnx;

namespace REHRSeg;

/// <summary>Chooses keep-largest-component steps for a trained segmenter on held-out cases (METHOD.md section 7).</summary>
internal static class PostProcessingChoice
{
    /// <summary>The model with the steps that help; as it is where nothing is asked for or no case is held out.</summary>
    /// <param name="model">Taken over; disposed where this fails.</param>
    /// <param name="validation">Held-out cases; each is segmented on thick slices as at scoring.</param>
    /// <param name="options">Says whether to choose.</param>
    /// <param name="context">Log and cancellation.</param>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static RehrSegModel Apply(RehrSegModel model, IReadOnlyList<TrainingCase> validation, RehrSegOptions options, TrainingContext context)
    {
        if (!options.ChoosePostProcessing || validation.Count == 0) return model;
        try
        {
            var choice = new LargestComponentChoice([.. model.Info.Labels.Select(l => l.Value).Where(v => v != 0)]);
            var request = new SegmentationRequest { Hr = false, PostProcess = false, Axis = options.Axis };
            foreach (var held in validation) choice.Add(model.Predict(held.Image, request, context.CancellationToken).Lr!, held.Label);
            var names = model.Info.Labels.ToDictionary(l => l.Value, l => l.Name);
            context.Log(choice.Rules.IsEmpty
                ? $"Keeping the largest component alone helps no class of the {validation.Count} held-out cases."
                : $"Post-processing keeps the largest component of: {string.Join(", ", choice.Rules)}. Dice of {validation.Count} held-out cases: {string.Join(", ", choice.DiceBefore.Select(d => FormattableString.Invariant($"{names[d.Key]} {d.Value:0.0000} -> {choice.DiceAfter[d.Key]:0.0000}")))}.");
            return new(model.Network, model.Info with { PostProcessing = choice.Rules }, model.Device);
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }
}
