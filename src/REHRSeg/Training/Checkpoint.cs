using System.Globalization;
using REHRSeg.Imaging;
using TorchSharp;

namespace REHRSeg;

/// <summary>
/// Where a stage stands, in one safetensors file <c>checkpoints/STAGE.safetensors</c>: weights, optimizer state, averages, iteration and
/// the loop's generator. A new checkpoint replaces the old one in one rename; the old one stays beside it as <c>STAGE.previous.safetensors</c>.
/// </summary>
internal static class Checkpoint
{
    const string Format = "rehrseg checkpoint 1", Weights = "network.", Optimizer = "optimizer.", Average = "average.", ValidationIsDue = "validation_is_due", Cases = "cases";

    /// <summary>What a checkpoint says beside its tensors.</summary>
    /// <param name="Stage">Name of the stage.</param>
    /// <param name="Iteration">Finished iterations.</param>
    /// <param name="Iterations">Iterations of the stage.</param>
    /// <param name="Seed">Seed of the training.</param>
    /// <param name="Random">State of the loop's generator.</param>
    /// <param name="Seconds">Time spent in the stage.</param>
    public sealed record Position(string Stage, int Iteration, int Iterations, int Seed, string Random, double Seconds)
    {
        /// <summary>Scores of the validations so far.</summary>
        public ValidationScore Score { get; init; } = new();
        /// <summary>True if the validation of <see cref="Iteration"/> is still to be made.</summary>
        public bool ValidationIsDue { get; init; }
        /// <summary>See <see cref="TrainingContext.Cases"/>; null: not known.</summary>
        public string? Cases { get; init; }
    }

    /// <summary>The stage's file in a training folder.</summary>
    public static string PathOf(string directory, string stage) =>
        Path.Combine(directory, "checkpoints", string.Concat(stage.Select(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' ? c : '-')) + ".safetensors");

    /// <summary>True if the stage has a checkpoint in a training folder.</summary>
    public static bool Exists(string directory, string stage) => Locate(directory, stage) is not null;

    /// <summary>Removes the stage's checkpoints and its best weights, if there are any.</summary>
    public static void Delete(string directory, string stage)
    {
        while (Locate(directory, stage) is { } path) File.Delete(path);
        BestWeights.Delete(directory, stage);
    }

    /// <summary>Removes what a killed process left of files that it was writing.</summary>
    public static void DeleteUnfinished(string directory, string stage)
    {
        string path = PathOf(directory, stage), folder = Path.GetDirectoryName(path)!;
        if (!Directory.Exists(folder)) return;
        foreach (string file in Directory.EnumerateFiles(folder, $".{Path.GetFileNameWithoutExtension(path)}.*.tmp")) File.Delete(file);
    }

    /// <summary>Gives another training folder the stage's checkpoint, unless it has one.</summary>
    public static void Copy(string source, string target, string stage)
    {
        if (Exists(target, stage) || Locate(source, stage) is not { } path) return;
        string file = PathOf(target, stage);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        AtomicFile.Write(file, stream =>
        {
            using var from = File.OpenRead(path);
            from.CopyTo(stream);
        });
    }

    /// <summary>Writes the stage's checkpoint.</summary>
    public static void Save(string directory, Position position, torch.nn.Module network, IOptimizer optimizer, WeightAverage? average)
    {
        string path = PathOf(directory, position.Stage);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var tensors = new Dictionary<string, torch.Tensor>();
        foreach (var (name, tensor) in ModuleTensors.Of(network)) tensors.Add(Weights + name, tensor);
        foreach (var (name, tensor) in optimizer.StateDict()) tensors.Add(Optimizer + name, tensor);
        if (average is not null)
            foreach (var (name, tensor) in average.State()) tensors.Add(Average + name, tensor);
        SafeTensors.Write(path, tensors, new Dictionary<string, string>(position.Score.ToMetadata())
        {
            ["format"] = Format,
            ["stage"] = position.Stage,
            ["iteration"] = position.Iteration.ToString(CultureInfo.InvariantCulture),
            ["iterations"] = position.Iterations.ToString(CultureInfo.InvariantCulture),
            ["seed"] = position.Seed.ToString(CultureInfo.InvariantCulture),
            ["random"] = position.Random,
            ["seconds"] = position.Seconds.ToString("R", CultureInfo.InvariantCulture),
            [ValidationIsDue] = position.ValidationIsDue.ToString(),
            [Cases] = position.Cases ?? "",
        }, Previous(path));
    }

    /// <summary>Restores the stage from its checkpoint; null if there is none.</summary>
    /// <exception cref="ModelFormatException">The file is damaged, of another stage, or of a network or optimizer with other options; nothing was changed.</exception>
    public static Position? Load(string directory, string stage, torch.nn.Module network, IOptimizer optimizer, WeightAverage? average)
    {
        if (Locate(directory, stage) is not { } path) return null;
        string remedy = $"Delete it to start the stage again{(path != Previous(PathOf(directory, stage)) && File.Exists(Previous(path)) ? $", or put {Previous(path)} in its place" : "")}.";
        try
        {
            using var content = SafeTensors.Read(path);
            var position = Parse(content.Metadata);
            if (position.Stage != stage) throw new FormatException($"it is of stage \"{position.Stage}\"");
            var state = content.Tensors.Where(t => t.Key.StartsWith(Optimizer, StringComparison.Ordinal)).ToDictionary(t => t.Key[Optimizer.Length..], t => t.Value);
            ModuleTensors.Load(network, content.Tensors, path, Weights);
            optimizer.LoadStateDict(state);
            average?.Load(name => content.Tensors.GetValueOrDefault(Average + name) ?? content.Tensors[Weights + name]);
            return position;
        }
        catch (Exception e) when (e is ModelFormatException or FormatException or OverflowException or ArgumentException or KeyNotFoundException or EndOfStreamException)
        {
            throw new ModelFormatException($"Checkpoint {path} cannot be continued: {e.Message} {remedy}", e);
        }
    }

    static string Previous(string path) => Path.ChangeExtension(path, ".previous.safetensors");

    static string? Locate(string directory, string stage)
    {
        string path = PathOf(directory, stage);
        return File.Exists(path) ? path : File.Exists(Previous(path)) ? Previous(path) : null;
    }

    static Position Parse(IReadOnlyDictionary<string, string> metadata)
    {
        string Text(string key) => metadata.TryGetValue(key, out var value) ? value : throw new FormatException($"the field \"{key}\" is missing.");
        int Number(string key) => int.Parse(Text(key), CultureInfo.InvariantCulture);
        if (Text("format") != Format) throw new FormatException($"its format is \"{Text("format")}\", this version reads \"{Format}\".");
        var position = new Position(Text("stage"), Number("iteration"), Number("iterations"), Number("seed"), Text("random"), double.Parse(Text("seconds"), CultureInfo.InvariantCulture))
        {
            Score = ValidationScore.Parse(metadata),
            ValidationIsDue = metadata.GetValueOrDefault(ValidationIsDue) == bool.TrueString,
            Cases = metadata.GetValueOrDefault(Cases) is { Length: > 0 } cases ? cases : null,
        };
        if (position.Iteration < 0 || position.Iteration > position.Iterations) throw new FormatException($"iteration {position.Iteration} of {position.Iterations}.");
        _ = new SeededRandom(0) { State = position.Random };
        return position;
    }
}
