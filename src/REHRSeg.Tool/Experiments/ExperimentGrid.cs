using System.Text.Json.Serialization;

namespace REHRSeg.Tool;

/// <summary>An experiment: named option sets that are trained, applied and scored on the same folds.</summary>
internal sealed record ExperimentGrid
{
    /// <summary>Where it was read from, for errors.</summary>
    [JsonIgnore] public string Source { get; init; } = "grid";
    /// <summary>Short name: letters, digits, hyphens.</summary>
    public required string Name { get; init; }
    /// <summary>For people.</summary>
    public required string Title { get; init; }
    /// <summary>Preset that the cells start from; null: the command's.</summary>
    public string? Preset { get; init; }
    /// <summary>Name of the cell that the others are compared with.</summary>
    public required string Reference { get; init; }
    /// <summary>In the order of the table; options of the whole grid and of inherited cells are merged in.</summary>
    public required IReadOnlyList<GridCell> Cells { get; init; }
    /// <summary>Orderings that somebody, mostly the paper, claims.</summary>
    public IReadOnlyList<GridOrdering> Orderings { get; init; } = [];
}

/// <summary>What a cell makes.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<CellTask>))]
internal enum CellTask
{
    /// <summary>A segmenter, scored at LR and HR in DSC and HD95.</summary>
    Segmentation,
    /// <summary>Thin images and labels of held-out annotated cases, scored in PSNR, SSIM, DSC and HD95.</summary>
    SuperResolution,
}

/// <summary>One row of the table: a named option set.</summary>
internal sealed record GridCell
{
    /// <summary>Folder name: letters, digits, hyphens.</summary>
    public required string Name { get; init; }
    /// <summary>For people.</summary>
    public required string Title { get; init; }
    public CellTask Task { get; init; }
    /// <summary>Segmentation: rehrseg, nnunet, nnunet2d, nnunet-interpolated, fully-supervised. Super-resolution: nearest, spline, spline-sdf, smore, selfsr.</summary>
    public string Method { get; init; } = "rehrseg";
    /// <summary>Where a rehrseg cell's pseudo pairs come from: selfsr, smore, spline (morphological labels) or spline-sdf. Only selfsr has uncertainty and a teacher.</summary>
    public string PseudoSource { get; init; } = "selfsr";
    /// <summary>Self-SR starts from weights pretrained on frame interpolation of the training cases' planes.</summary>
    public bool Pretrained { get; init; }
    /// <summary>Super-resolution: none, labels, image or both; null: as the model was trained to.</summary>
    public string? Consistency { get; init; }
    /// <summary>Super-resolution: none, mirror or full; null: as the model was trained to.</summary>
    public string? Ensemble { get; init; }
    /// <summary>Options, <c>stage.option</c> to value, as <c>--set</c> takes them; stages are selfsr, smore, segmentation and frames.</summary>
    public IReadOnlyDictionary<string, string> Set { get; init; } = new Dictionary<string, string>();
}

/// <summary>A claim: one cell is better than another.</summary>
/// <param name="Better">Name of a cell.</param>
/// <param name="Than">Name of a cell.</param>
/// <param name="Grid">LR or HR.</param>
/// <param name="Measure">DSC, HD95, PSNR or SSIM.</param>
/// <param name="Source">Who claims it, for example "paper, Table 4".</param>
internal sealed record GridOrdering(string Better, string Than, string Grid, string Measure, string Source);
