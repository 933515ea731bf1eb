using System.Text.Json;
using Microsoft.ML;
using Microsoft.ML.Data;
using REHRSeg.Imaging;

namespace REHRSeg.Tool;

/// <summary>The files of a training run (DESIGN.md section 5).</summary>
internal sealed record RunFolder(string Path)
{
    public string Model => System.IO.Path.Combine(Path, "model.zip");
    public string SegmentationOnnx => System.IO.Path.Combine(Path, "segmentation.onnx");
    public string BaselineOnnx => System.IO.Path.Combine(Path, "baseline.onnx");
    public string SelfSrOnnx => System.IO.Path.Combine(Path, "selfsr.onnx");
    /// <summary>Only where SMORE made the seeds.</summary>
    public string Smore => System.IO.Path.Combine(Path, "smore.safetensors");
    public string Splits => System.IO.Path.Combine(Path, "splits.json");
    public string Config => System.IO.Path.Combine(Path, "config.json");
    public string Stages => System.IO.Path.Combine(Path, "stages.json");

    /// <summary>True if a model or a checkpoint is there: work that a new run must not overwrite.</summary>
    public bool HoldsWork => File.Exists(Model) || TrainingStages.All.Any(stage => Checkpoint.Exists(Path, stage));

    /// <summary>Loads <c>model.zip</c> and gives its transformer of type <typeparamref name="T"/>.</summary>
    /// <exception cref="ModelFormatException">No model.zip, or it holds no such transformer.</exception>
    public T Load<T>() where T : class, ITransformer
    {
        if (!File.Exists(Model)) throw new ModelFormatException($"{Path} has no model.zip. Give a finished run folder of 'rehrseg train', or an .onnx file.");
        TorchRuntime.EnsureLoaded();
        return Members(Read()).OfType<T>().FirstOrDefault() ?? throw new ModelFormatException($"{Model} holds no {typeof(T).Name}.{(typeof(T) == typeof(RehrSegTransformer) ? " The run trained self-SR alone: train the segmenter with 'rehrseg train --resume', without --only." : "")}");
    }

    /// <summary>Writes <c>stages.json</c>: the costs of this run's stages after those of stages that only earlier runs had; a stage's peak memory is the largest of all runs.</summary>
    /// <returns>What was written.</returns>
    public IReadOnlyList<StageCost> WriteStages(IReadOnlyList<StageCost> costs)
    {
        var before = ReadStages();
        StageCost[] all =
        [
            .. before.Where(b => costs.All(c => c.Name != b.Name)),
            .. costs.Select(c => c with { PeakMegabytes = before.Where(b => b.Name == c.Name).Select(b => b.PeakMegabytes).Append(c.PeakMegabytes).Max() }),
        ];
        AtomicFile.Write(Stages, s => JsonSerializer.Serialize(s, all, ToolConsole.JsonForm));
        return all;
    }

    List<StageCost> ReadStages()
    {
        try
        {
            return File.Exists(Stages) ? JsonSerializer.Deserialize<List<StageCost>>(File.ReadAllText(Stages), ToolConsole.JsonForm) ?? [] : [];
        }
        catch (JsonException)
        {
            return [];
        }
    }

    ITransformer Read()
    {
        try
        {
            return new MLContext().Model.Load(Model, out _);
        }
        catch (Exception e) when (e is not (ModelFormatException or OutOfMemoryException))
        {
            // ML.NET wraps what its loaders throw several times.
            throw e.GetBaseException() is ModelFormatException refused
                ? new ModelFormatException($"{Model}: {refused.Message}", e)
                : new ModelFormatException($"{Model} cannot be read: {e.GetBaseException().Message} Restore it from a copy, or train again with --resume.", e);
        }
    }

    static IEnumerable<ITransformer> Members(ITransformer model) => model is TransformerChain<ITransformer> chain ? chain.SelectMany(Members) : [model];
}
