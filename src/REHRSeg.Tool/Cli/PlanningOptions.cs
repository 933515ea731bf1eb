using System.CommandLine;

namespace REHRSeg.Tool;

/// <summary><c>--memory</c>, <c>--nnunet-plans</c>, <c>--nnunet-configuration</c>, <c>--nnunet-checkpoint</c>: where the segmenter's plan and first weights come from.</summary>
internal sealed class PlanningOptions
{
    readonly Option<double?> _memory = new("--memory") { Description = "Gigabytes that a training step of the segmenter may take. Default: on a GPU nnU-Net's 8 GB plan; on the CPU the same, within half of the machine's memory." };
    readonly Option<string?> _plans = new("--nnunet-plans") { Description = "plans.json of nnU-Net v2: patch, batch, spacing and network are taken from it." };
    readonly Option<string?> _configuration = new("--nnunet-configuration") { Description = "Configuration in nnU-Net's plans. Default: the checkpoint's, else 3d_fullres." };
    readonly Option<string?> _checkpoint = new("--nnunet-checkpoint") { Description = "checkpoint_final.pth of an nnU-Net v2 training: the nnU-Net phase starts from its weights, by the plan inside it unless --nnunet-plans is given (--set segmentation.nnunetiterations=0: straight to fine-tuning)." };

    public PlanningOptions(Command command)
    {
        _memory.Validators.Add(r => { if (r.GetValueOrDefault<double?>() is { } gigabytes && !(gigabytes is >= 1 and < 1e6)) r.AddError("--memory must be at least 1 (gigabytes)."); });
        foreach (var option in (Option[])[_memory, _plans, _configuration, _checkpoint]) command.Options.Add(option);
    }

    /// <summary>The preset with what was given.</summary>
    public TrainingPreset Apply(ParseResult parse, TrainingPreset preset)
    {
        var segmentation = preset.Segmentation;
        if (parse.GetValue(_memory) is { } gigabytes)
        {
            if (segmentation.FeatureMapBudget is not null) throw new UsageException("--memory and --set segmentation.featuremapbudget say two budgets; give one.");
            segmentation = segmentation with { MemoryBudget = gigabytes };
        }
        if (File(parse, _plans) is { } plans) segmentation = segmentation with { NnUNetPlans = plans };
        if (File(parse, _checkpoint) is { } checkpoint) segmentation = segmentation with { PretrainedNnUNet = checkpoint };
        if (parse.GetValue(_configuration) is { } configuration)
        {
            if (segmentation is { NnUNetPlans: null, PretrainedNnUNet: null }) throw new UsageException($"--nnunet-configuration {configuration} needs --nnunet-plans or --nnunet-checkpoint.");
            segmentation = segmentation with { NnUNetConfiguration = configuration };
        }
        return preset with { Segmentation = segmentation };
    }

    static string? File(ParseResult parse, Option<string?> option) => parse.GetValue(option) switch
    {
        null => null,
        "" => throw new UsageException($"{option.Name} is empty; give a file."),
        var path => Path.GetFullPath(path),
    };
}
