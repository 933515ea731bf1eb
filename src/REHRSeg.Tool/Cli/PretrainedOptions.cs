using System.CommandLine;

namespace REHRSeg.Tool;

/// <summary><c>--pretrained</c> and <c>--pretrained-stem</c>: weights that self-SR starts from.</summary>
internal sealed class PretrainedOptions
{
    readonly Option<string?> _file = new("--pretrained") { Description = "FLAVR weights that self-SR starts from: the published .pth file, or .safetensors with its names. Their width must be selfsr.width." };
    readonly Option<string?> _stem = new("--pretrained-stem") { Description = "First convolution with --pretrained: fresh (at random, as published) or sum-of-rgb (the colours' kernels summed). Default: fresh." };

    public PretrainedOptions(Command command)
    {
        _stem.AcceptOnlyFromAmong("fresh", "sum-of-rgb");
        command.Options.Add(_file);
        command.Options.Add(_stem);
    }

    /// <summary>The preset with what was given.</summary>
    public TrainingPreset Apply(ParseResult parse, TrainingPreset preset)
    {
        var (file, stem) = (parse.GetValue(_file), parse.GetValue(_stem));
        if (file is null && stem is not null) throw new UsageException($"--pretrained-stem {stem} needs --pretrained FILE.");
        if (file is "") throw new UsageException("--pretrained is empty; give a file.");
        if (file is null) return preset;
        var form = stem switch { null => preset.SelfSr.PretrainedStem, "fresh" => PretrainedStem.Fresh, _ => PretrainedStem.SumOfRgb };
        return preset with { SelfSr = preset.SelfSr with { PretrainedWeights = Path.GetFullPath(file), PretrainedStem = form } };
    }
}
