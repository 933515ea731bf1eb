using REHRSeg.Imaging;

namespace REHRSeg.Tool;

/// <summary>What <c>experiment</c> was asked for.</summary>
internal sealed record ExperimentRequest
{
    public required MedicalDataset Dataset { get; init; }
    public required string OutDir { get; init; }
    public required ExperimentGrid Grid { get; init; }
    /// <summary>By cell.</summary>
    public required IReadOnlyDictionary<string, CellOptions> Options { get; init; }
    /// <summary>Name of the preset that the cells started from.</summary>
    public required string Preset { get; init; }
    /// <summary>Where shared stages are kept; null: in <see cref="OutDir"/>.</summary>
    public string? StagesDir { get; init; }
    /// <summary>Cells to run; null: all.</summary>
    public IReadOnlyList<string>? Only { get; init; }
    public int Folds { get; init; } = 5;
    /// <summary>Folds to run.</summary>
    public required IReadOnlyList<int> FoldsRun { get; init; }
    public int Seed { get; init; } = 1;
    public bool Resume { get; init; }
    public int? Factor { get; init; }
    public SliceAxis? Axis { get; init; }
    public int? Gpu { get; init; }
}

/// <summary>A cell's options, resolved.</summary>
internal sealed record CellOptions(TrainingPreset Preset, FramePretrainingOptions Frames);

/// <summary>One cell on one fold.</summary>
internal sealed record ExperimentUnit(GridCell Cell, CellOptions Options, int Fold)
{
    public override string ToString() => $"{Cell.Name}, fold {Fold}";
}
