using System.Globalization;
using REHRSeg.Imaging;
using TorchSharp;

namespace REHRSeg;

/// <summary>
/// The weights of a stage's best validation: <c>checkpoints/STAGE.best.safetensors</c> with score and iteration, and a copy in memory
/// where the stage is to end with them (so that they are there without a folder, and with a full disk).
/// </summary>
internal sealed class BestWeights(ITrainingTask task, TrainingContext context) : IDisposable
{
    const string Format = "rehrseg best weights 1", IterationKey = "iteration", ScoreKey = "score";
    readonly Dictionary<string, torch.Tensor> _copy = [];

    /// <summary>The stage's file in a training folder.</summary>
    public static string PathOf(string directory, string stage) => Path.ChangeExtension(Checkpoint.PathOf(directory, stage), ".best.safetensors");

    /// <summary>Removes the stage's file, if there is one.</summary>
    public static void Delete(string directory, string stage)
    {
        if (PathOf(directory, stage) is var path && File.Exists(path)) File.Delete(path);
    }

    /// <summary>Keeps the network's present weights.</summary>
    /// <exception cref="IOException">The file cannot be written; the one before it is untouched, and memory holds the weights.</exception>
    public void Keep(ValidationScore score)
    {
        var weights = ModuleTensors.Of(task.Network);
        if (task.KeepBest)
        {
            using var noGrad = torch.no_grad();
            Dispose();
            foreach (var (name, tensor) in weights) _copy.Add(name, tensor.detach().clone().DetachFromDisposeScope());
        }
        if (context.Directory is null) return;
        SafeTensors.Write(PathOf(context.Directory, task.Stage), weights, new Dictionary<string, string>
        {
            ["format"] = Format,
            ["stage"] = task.Stage,
            [IterationKey] = score.BestIteration.ToString(CultureInfo.InvariantCulture),
            [ScoreKey] = score.Best!.Value.ToString("R", CultureInfo.InvariantCulture),
        });
    }

    /// <summary>Gives the network the weights that <paramref name="score"/> calls the best; false: they are not there.</summary>
    /// <exception cref="ModelFormatException">The file is of another network; the network is as it was.</exception>
    public bool Restore(ValidationScore score)
    {
        if (_copy.Count > 0)
        {
            ModuleTensors.Load(task.Network, _copy, "The best weights");
            return true;
        }
        if (Read() is not { } content) return false;
        using (content)
        {
            if (IterationOf(content) != score.BestIteration) return false;
            ModuleTensors.Load(task.Network, content.Tensors, PathOf(context.Directory!, task.Stage));
            return true;
        }
    }

    /// <summary>
    /// True if a run resumed at <paramref name="iteration"/> will end with the best weights: the file is of the best validation, or of a
    /// later one than the checkpoint, to which the resumed run comes again.
    /// </summary>
    public bool IsAtHand(ValidationScore score, int iteration)
    {
        if (Read() is not { } content) return false;
        using (content) return IterationOf(content) is { } found && (found == score.BestIteration || found > iteration);
    }

    /// <summary>The file; null where it is missing or damaged, which costs no more than the best weights.</summary>
    SafeTensorsContent? Read()
    {
        try
        {
            return context.Directory is { } directory && PathOf(directory, task.Stage) is var path && File.Exists(path) ? SafeTensors.Read(path) : null;
        }
        catch (IOException e)
        {
            context.Warn($"{task.Stage}: {e.Message}");
            return null;
        }
    }

    static int? IterationOf(SafeTensorsContent content)
        => content.Metadata.GetValueOrDefault("format") == Format && int.TryParse(content.Metadata.GetValueOrDefault(IterationKey), CultureInfo.InvariantCulture, out int iteration) ? iteration : null;

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var tensor in _copy.Values) tensor.Dispose();
        _copy.Clear();
    }
}
