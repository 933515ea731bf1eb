using Microsoft.ML;
using Microsoft.ML.Data;
using REHRSeg.Imaging;

namespace REHRSeg.Tool;

/// <summary>The ML.NET pipeline behind <c>train</c>, and the files it leaves.</summary>
internal static class TrainingRun
{
    public static IReadOnlyList<StageCost> Execute(ToolConsole console, TrainingRequest request, IReadOnlySet<string> ids, TrainingPlan plan, CancellationToken cancel)
    {
        using var setting = new TrainingSetting(console, request, ids, plan, cancel);
        var (context, run, clock, data, segmentation) = (setting.Context, request.Run, setting.Clock, setting.Cases(), setting.Segmentation());
        if (request.Method != SegmentationMethod.RehrSeg) return Baseline(context, data, segmentation, plan, run, clock);
        if (request.SelfSrOnly) return SelfSrAlone(context, data, setting.SelfSr(), run, clock);
        var pipeline = new EstimatorChain<ITransformer>()
            .Append(context.Transforms.SelfSuperResolution(setting.SelfSr()), TransformerScope.Training)
            .Append(context.Transforms.PseudoData(new PseudoDataOptions { Factor = plan.Factor, Axis = request.Axis ?? plan.Axis }), TransformerScope.Training)
            .Append(context.Transforms.RehrSeg(segmentation));
        var model = pipeline.Fit(data);
        clock.Finish();

        AtomicFile.Write(run.Model, s => context.Model.Save(model, data.Schema, s));
        using var selfSrModel = model.OfType<SelfSrTransformer>().Single().Model;
        using var segmenter = model.LastTransformer.Model;
        AtomicFile.Write(run.SegmentationOnnx, segmenter.ExportOnnx);
        AtomicFile.Write(run.SelfSrOnnx, selfSrModel.ExportOnnx);
        return clock.Stages;
    }

    static IReadOnlyList<StageCost> SelfSrAlone(MLContext context, IDataView data, SelfSrOptions options, RunFolder run, StageClock clock)
    {
        var model = new EstimatorChain<ITransformer>().Append(context.Transforms.SelfSuperResolution(options)).Fit(data);
        clock.Finish();
        AtomicFile.Write(run.Model, s => context.Model.Save(model, data.Schema, s));
        using var selfSr = model.LastTransformer.Model;
        AtomicFile.Write(run.SelfSrOnnx, selfSr.ExportOnnx);
        return clock.Stages;
    }

    static IReadOnlyList<StageCost> Baseline(MLContext context, IDataView data, RehrSegOptions options, TrainingPlan plan, RunFolder run, StageClock clock)
    {
        options = options with { BaselineReady = null }; // the model itself is the baseline
        if (options.Method == SegmentationMethod.FullySupervised && options.MaxPatchSlices is { } thick) options = options with { MaxPatchSlices = (int)Math.Min(int.MaxValue, (long)thick * plan.Factor) };
        var model = new EstimatorChain<ITransformer>().Append(context.Transforms.RehrSeg(options)).Fit(data);
        clock.Finish();
        AtomicFile.Write(run.Model, s => context.Model.Save(model, data.Schema, s));
        using var segmenter = model.LastTransformer.Model;
        AtomicFile.Write(run.SegmentationOnnx, segmenter.ExportOnnx);
        return clock.Stages;
    }
}
