using Microsoft.ML;
using REHRSeg.Onnx;

namespace REHRSeg;

/// <summary>
/// Options of <c>RehrSegEstimator</c>: columns and every number of stage 2. Defaults are the paper's and nnU-Net's (METHOD.md sections 6-9).
/// A probability of 0 switches an augmentation off.
/// </summary>
public sealed record RehrSegOptions : TrainerOptions
{
    /// <summary>Column of thick images: real ones for the nnU-Net phase, and the input at scoring.</summary>
    public string ImageColumnName { get; init; } = "Image";
    /// <summary>Column of real thick label maps.</summary>
    public string LabelColumnName { get; init; } = "Label";
    /// <summary>Column of pseudo thick images.</summary>
    public string PseudoImageColumnName { get; init; } = "PseudoImage";
    /// <summary>Column of pseudo thick label maps.</summary>
    public string PseudoLabelColumnName { get; init; } = "PseudoLabel";
    /// <summary>Column of the thin labels of a pseudo pair.</summary>
    public string PseudoHrLabelColumnName { get; init; } = "PseudoHrLabel";
    /// <summary>Column of normalised uncertainty on the pseudo thick grid.</summary>
    public string PseudoUncertaintyColumnName { get; init; } = "PseudoUncertainty";
    /// <summary>Column of the start offset.</summary>
    public string StartColumnName { get; init; } = "Start";
    /// <summary>Added column: labels on the input's grid.</summary>
    public string LrSegmentationColumnName { get; init; } = "LrSegmentation";
    /// <summary>Added column: labels on the refined grid.</summary>
    public string HrSegmentationColumnName { get; init; } = "HrSegmentation";
    /// <summary>Added column: class probabilities (one channel a class) on the input's grid; null: none.</summary>
    public string? LrProbabilitiesColumnName { get; init; }
    /// <summary>Added column: class probabilities (one channel a class) on the refined grid; null: none.</summary>
    public string? HrProbabilitiesColumnName { get; init; }
    /// <summary>Added column: uncertainty of each voxel, 0 to 1 (<see cref="REHRSeg.Onnx.SegmentationRequest.Uncertainty"/>), on the input's grid; null: none.</summary>
    public string? LrUncertaintyColumnName { get; init; }
    /// <summary>Added column: uncertainty of each voxel, 0 to 1, on the refined grid; null: none.</summary>
    public string? HrUncertaintyColumnName { get; init; }
    /// <summary>Distillation teacher; null: the one that travels with the HrImage column's annotation.</summary>
    public SelfSrModel? Teacher { get; init; }
    /// <summary>Receives the plain nnU-Net when its phase ends (the baseline, without HR head), for example to export it. The model is disposed after the call.</summary>
    public Action<RehrSegModel>? BaselineReady { get; init; }

    /// <summary>What is trained: REHRSeg, or one of its baselines, which take the real cases alone (pseudo columns are ignored).</summary>
    public SegmentationMethod Method { get; init; } = SegmentationMethod.RehrSeg;
    /// <summary>How <see cref="SegmentationMethod.NnUNetInterpolated"/> makes thin labels.</summary>
    public InterpolatedLabels InterpolatedLabels { get; init; } = InterpolatedLabels.Morphological;
    /// <summary>
    /// Held-out cases with the columns of <see cref="ImageColumnName"/> and <see cref="LabelColumnName"/>, measured while training; null: none. They never
    /// reach the weights, unless <see cref="KeepBest"/> or <see cref="Patience"/> let them choose among weights. HR labels are measured against thick ones alone.
    /// </summary>
    public IDataView? ValidationSet { get; init; }
    /// <summary>Iterations between validations (nnU-Net: an epoch of 250), which also follow the last one; 0: never.</summary>
    public int ValidationInterval { get; init; } = 250;
    /// <summary>Batches of a validation (nnU-Net: 50).</summary>
    public int ValidationBatches { get; init; } = 50;
    /// <summary>
    /// Each phase ends with the weights whose moving average of pseudo-Dice was best, which is a choice by held-out cases; false: with its last ones, as REHRSeg
    /// does (METHOD.md section 7). <c>checkpoints/STAGE.best.safetensors</c> holds the best ones in either case.
    /// </summary>
    public bool KeepBest { get; init; }
    /// <summary>Validations without a new best average after which a phase ends, at least 1; null: never. The learning rate stays that of the full length.</summary>
    public int? Patience { get; init; }
    /// <summary>
    /// Folder for prepared cases, which are then memory-mapped instead of held in memory and found again by later trainings (they are named by content and options, and stay valid
    /// for any fold); null: memory, or where they would take more than a quarter of it, the folder <c>cache</c> in <see cref="TrainerOptions.CheckpointDirectory"/> until the training has finished.
    /// </summary>
    public string? CacheDirectory { get; init; }
    /// <summary>
    /// After training, segment the cases of <see cref="ValidationSet"/> and store the keep-largest-component steps that help them in the model
    /// (<see cref="SegmentationModelInfo.PostProcessing"/>), which is a choice by held-out cases; false: none, as REHRSeg (METHOD.md section 7).
    /// </summary>
    public bool ChoosePostProcessing { get; init; }
    /// <summary>
    /// After training, fit a temperature of the class probabilities on the cases of <see cref="ValidationSet"/> (<see cref="Imaging.TemperatureScaling"/>) and store it in the model; label maps stay the same, and
    /// probabilities of the held-out cases themselves are fitted, not measured, from then on. It is fitted on the input's grid, where there are labels, and taken for the refined grid too, where there are none
    /// (<see cref="SegmentationModelInfo.HrTemperature"/>). None is stored, with a warning, where the cases are too few or too easy. False: probabilities are as the network says, as in REHRSeg.
    /// </summary>
    public bool CalibrateProbabilities { get; init; }

    /// <summary>Iterations of the nnU-Net phase (nnU-Net: 1000 epochs of 250).</summary>
    public int NnUNetIterations { get; init; } = 250_000;
    /// <summary>Iterations of fine-tuning on pseudo pairs (METHOD.md 9.2); 0: the nnU-Net phase alone, without HR head.</summary>
    public int FineTuneIterations { get; init; } = 6000;
    /// <summary>Samples per iteration, but for <see cref="SegmentationMethod.NnUNet2D"/>; null: as planned, at least 2.</summary>
    public int? BatchSize { get; init; }
    /// <summary>Slices per iteration of <see cref="SegmentationMethod.NnUNet2D"/>; null: as planned, at least 2.</summary>
    public int? PlanarBatchSize { get; init; }

    /// <summary>
    /// Feature-map elements of one sample of two that the planner may spend (METHOD.md 6.2); smaller gives smaller patches. Null: what <see cref="MemoryBudget"/> allows; without that
    /// nnU-Net's 560e6, on the CPU not more than half of the machine's memory holds.
    /// </summary>
    public double? FeatureMapBudget { get; init; }
    /// <summary>Gigabytes (1e9 bytes) that a training step may take, at least 1, as nnU-Net's <c>-gpu_memory_target</c>; the cases come on top. Null: as <see cref="FeatureMapBudget"/> says.</summary>
    public double? MemoryBudget { get; init; }
    /// <summary>
    /// A <c>plans.json</c> of nnU-Net v2: patch, batch, spacing, normalisation and network are taken from it, and the options of the planner (budgets, features, patch limits, batch size)
    /// have no effect. Null: planned from the data, or the plan inside <see cref="PretrainedNnUNet"/>.
    /// </summary>
    public string? NnUNetPlans { get; init; }
    /// <summary>Configuration in nnU-Net's plans; null: the one that <see cref="PretrainedNnUNet"/> was trained with, else <c>3d_fullres</c>.</summary>
    public string? NnUNetConfiguration { get; init; }
    /// <summary>
    /// Checkpoint (<c>.pth</c>) of an nnU-Net v2 training that the nnU-Net phase starts from; <see cref="NnUNetIterations"/> more follow, 0: straight to fine-tuning. Nothing in the file is
    /// executed. Null: random weights.
    /// </summary>
    public string? PretrainedNnUNet { get; init; }
    /// <summary>Channels of the first stage; each stage doubles them (METHOD.md 6.2).</summary>
    public int BaseFeatures { get; init; } = 32;
    /// <summary>Upper limit of channels.</summary>
    public int MaxFeatures { get; init; } = 320;
    /// <summary>Upper limit of channels of <see cref="SegmentationMethod.NnUNet2D"/>.</summary>
    public int PlanarMaxFeatures { get; init; } = 512;
    /// <summary>Upper limit of a patch's slices, thick ones also for <see cref="SegmentationMethod.NnUNetInterpolated"/>, whose patches then have up to r times as many thin ones; null: none.</summary>
    public int? MaxPatchSlices { get; init; }
    /// <summary>Upper limit of a patch's in-plane sides in voxels; null: none.</summary>
    public int? MaxPatchSide { get; init; }
    /// <summary>Target thickness: the median (true, METHOD.md 12 #19) or nnU-Net's 10th percentile for strongly anisotropic data.</summary>
    public bool KeepThickness { get; init; } = true;
    /// <summary>HR head upsampling with aligned corners as published; false: half-pixel (METHOD.md 12 #15).</summary>
    public bool AlignCorners { get; init; }

    /// <summary>First learning rate of the nnU-Net phase.</summary>
    public double LearningRate { get; init; } = 0.01;
    /// <summary>Power of its polynomial decay.</summary>
    public double LearningRatePower { get; init; } = 0.9;
    /// <summary>First learning rate of fine-tuning; decays linearly to 0 (METHOD.md 9.2).</summary>
    public double FineTuneLearningRate { get; init; } = 1e-3;
    /// <summary>First learning rate of the HR head alone; null: as the rest. (Published without distillation: head 1e-3, rest 1e-4.)</summary>
    public double? HrHeadLearningRate { get; init; }
    /// <summary>Nesterov momentum of both phases.</summary>
    public double Momentum { get; init; } = 0.99;
    /// <summary>L2 penalty of both phases.</summary>
    public double WeightDecay { get; init; } = 3e-5;
    /// <summary>Gradient norm limit of the nnU-Net phase; null: none.</summary>
    public double? ClipNorm { get; init; } = 12;
    /// <summary>Gradient norm limit of fine-tuning; null: none, as published.</summary>
    public double? FineTuneClipNorm { get; init; }
    /// <summary>Deep supervision in the nnU-Net phase (METHOD.md 6.3).</summary>
    public bool DeepSupervision { get; init; } = true;

    /// <summary>Fine-tune on pseudo pairs; false: the nnU-Net phase alone, without HR head.</summary>
    public bool UsePseudoData { get; init; } = true;
    /// <summary>LR loss of fine-tuning: cross-entropy weighted by certainty (eq. 7); false: cross-entropy and Dice.</summary>
    public bool UseUncertainty { get; init; } = true;
    /// <summary>Distil the self-SR features (eq. 9-11), where there is a teacher.</summary>
    public bool UseDistillation { get; init; } = true;
    /// <summary>How they are distilled: the method's terms, or those that the paper compares with (Table 6).</summary>
    public DistillationKind Distillation { get; init; }
    /// <summary>Which of the teacher's maps is distilled (METHOD.md section 8).</summary>
    public TeacherLayer TeacherLayer { get; init; } = TeacherLayer.Layer1;
    /// <summary>Weight of the LR loss.</summary>
    public double LrLossWeight { get; init; } = 1;
    /// <summary>Weight of a Dice term beside eq. 7 on the thick labels, at least 0; 0: weighted cross-entropy alone, as in the paper. Short schedules need it for small classes.</summary>
    public double LrDiceWeight { get; init; }
    /// <summary>Weight of the HR loss (cross-entropy and Dice); 0: no HR head.</summary>
    public double HrLossWeight { get; init; } = 1;
    /// <summary>Lambda of eq. 11: weight of distillation, whatever its kind.</summary>
    public double DistillationWeight { get; init; } = 1;
    /// <summary>Weight of the correlation term (eq. 9) within distillation, for the kinds that have it.</summary>
    public double CorrelationWeight { get; init; } = 1;
    /// <summary>Weight of the cosine term (eq. 10) within distillation, for the kinds that have it.</summary>
    public double CosineWeight { get; init; } = 1;
    /// <summary>
    /// Share of fine-tuning samples that are real thick cases, in [0, 1]: certain everywhere (weight 1 in eq. 7), distilled like pseudo ones, without HR loss (METHOD.md 12 #16).
    /// Below 1 unless <see cref="HrLossWeight"/> is 0: only pseudo pairs teach the HR head.
    /// </summary>
    public double RealFraction { get; init; }

    /// <summary>Share of a batch that is centred on foreground.</summary>
    public double ForegroundShare { get; init; } = 0.33;
    /// <summary>Probability of a rotation.</summary>
    public double RotationProbability { get; init; } = 0.2;
    /// <summary>Probability of scaling.</summary>
    public double ScalingProbability { get; init; } = 0.2;
    /// <summary>Probability of Gaussian noise.</summary>
    public double NoiseProbability { get; init; } = 0.1;
    /// <summary>Probability of Gaussian blur.</summary>
    public double BlurProbability { get; init; } = 0.2;
    /// <summary>Probability of a change of brightness.</summary>
    public double BrightnessProbability { get; init; } = 0.15;
    /// <summary>Probability of a change of contrast.</summary>
    public double ContrastProbability { get; init; } = 0.15;
    /// <summary>Probability of simulated low resolution.</summary>
    public double LowResolutionProbability { get; init; } = 0.25;
    /// <summary>Probability of a gamma curve on the negated image.</summary>
    public double InvertedGammaProbability { get; init; } = 0.1;
    /// <summary>Probability of a gamma curve.</summary>
    public double GammaProbability { get; init; } = 0.3;
    /// <summary>Mirror training patches along each axis, and average over mirrored patches at scoring.</summary>
    public bool Mirror { get; init; } = true;

    /// <summary>False: the nnU-Net phase alone.</summary>
    internal bool FineTunes => Method == SegmentationMethod.RehrSeg && UsePseudoData && FineTuneIterations > 0;

    /// <summary>False: the model has no HR head, as nothing would train it.</summary>
    internal bool TrainsHrHead => FineTunes && HrLossWeight > 0;

    /// <summary>False: no held-out case is read.</summary>
    internal bool ReadsValidationSet => ValidationSet is not null && (ValidationInterval > 0 || ChoosePostProcessing || CalibrateProbabilities);

    /// <summary>What the planner may spend.</summary>
    internal PlanningBudget BudgetOf(double featureMapElements) => new()
    {
        FeatureMapElements = featureMapElements,
        BaseFeatures = BaseFeatures,
        MaxFeatures = MaxFeatures,
        MaxPatch = MaxPatchSlices is null && MaxPatchSide is null ? null : new PatchShape(MaxPatchSlices ?? int.MaxValue, MaxPatchSide ?? int.MaxValue, MaxPatchSide ?? int.MaxValue),
        BatchSize = BatchSize,
        KeepThickness = KeepThickness,
    };

    /// <summary>What the planner of <see cref="SegmentationMethod.NnUNet2D"/> may spend: the same share of nnU-Net's memory as in 3-D.</summary>
    internal PlanningBudget PlanarBudgetOf(double featureMapElements) => BudgetOf(PlanarPlanner.NnUNetElements * (featureMapElements / TrainingMemory.NnUNetElements)) with
    {
        MaxFeatures = PlanarMaxFeatures,
        BatchSize = PlanarBatchSize,
    };

    /// <summary>Checks that what chooses by held-out cases has some, in columns that can be read.</summary>
    /// <exception cref="ArgumentException">Names option and remedy.</exception>
    internal void RequireValidationSet()
    {
        Require(ValidationSet is not null || !KeepBest, nameof(KeepBest), KeepBest, $"false without {nameof(ValidationSet)}");
        Require(ValidationSet is not null || Patience is null, nameof(Patience), Patience, $"null without {nameof(ValidationSet)}");
        Require(ValidationSet is not null || !ChoosePostProcessing, nameof(ChoosePostProcessing), ChoosePostProcessing, $"false without {nameof(ValidationSet)}");
        Require(ValidationSet is not null || !CalibrateProbabilities, nameof(CalibrateProbabilities), CalibrateProbabilities, $"false without {nameof(ValidationSet)}");
        if (ValidationSet is null) return;
        foreach (string column in (string[])[ImageColumnName, LabelColumnName])
            if (ValidationSet.Schema.GetColumnOrNull(column) is not { Type: Imaging.VolumeDataViewType })
                throw new ArgumentException($"{nameof(RehrSegOptions)}.{nameof(ValidationSet)} has no volume column '{column}'. Give it the columns of the training data.", nameof(ValidationSet));
    }

    /// <summary>Checks every number before work starts.</summary>
    /// <exception cref="ArgumentException">Names option, value and range.</exception>
    internal void Validate()
    {
        ValidateShared();
        Require(NnUNetIterations >= 0, nameof(NnUNetIterations), NnUNetIterations, "at least 0");
        Require(FineTuneIterations >= 0, nameof(FineTuneIterations), FineTuneIterations, "at least 0");
        Require(ValidationInterval >= 0, nameof(ValidationInterval), ValidationInterval, "0 or more");
        Require(ValidationBatches >= 1, nameof(ValidationBatches), ValidationBatches, "at least 1");
        Require(Patience is null or >= 1, nameof(Patience), Patience, "at least 1, or null");
        Require(ValidationInterval > 0 || !KeepBest, nameof(KeepBest), KeepBest, $"false where {nameof(ValidationInterval)} is 0");
        Require(ValidationInterval > 0 || Patience is null, nameof(Patience), Patience, $"null where {nameof(ValidationInterval)} is 0");
        Require(BatchSize is null or >= 1, nameof(BatchSize), BatchSize, "at least 1, or null");
        Require(PlanarBatchSize is null or >= 1, nameof(PlanarBatchSize), PlanarBatchSize, "at least 1, or null");
        Require(Method != SegmentationMethod.NnUNet2D || PlanarMaxFeatures >= BaseFeatures, nameof(PlanarMaxFeatures), PlanarMaxFeatures, $"at least BaseFeatures ({BaseFeatures})");
        Require(Enum.IsDefined(Method), nameof(Method), Method, "one of " + string.Join(", ", Enum.GetNames<SegmentationMethod>()));
        Require(Method != SegmentationMethod.NnUNet2D || (NnUNetPlans is null && PretrainedNnUNet is null), nameof(Method), Method, $"another one where {nameof(NnUNetPlans)} or {nameof(PretrainedNnUNet)} is given: those of 3-D configurations are read");
        Require(Enum.IsDefined(InterpolatedLabels), nameof(InterpolatedLabels), InterpolatedLabels, "one of " + string.Join(", ", Enum.GetNames<InterpolatedLabels>()));
        Require(FeatureMapBudget is null or (> 0 and < double.PositiveInfinity), nameof(FeatureMapBudget), FeatureMapBudget, "above 0, or null");
        Require(MemoryBudget is null or >= 1 and < 1e6, nameof(MemoryBudget), MemoryBudget, "at least 1 (gigabytes), or null");
        Require(MemoryBudget is null || FeatureMapBudget is null, nameof(MemoryBudget), MemoryBudget, $"null where {nameof(FeatureMapBudget)} is given");
        foreach (var (name, text) in new[] { (nameof(NnUNetPlans), NnUNetPlans), (nameof(NnUNetConfiguration), NnUNetConfiguration), (nameof(PretrainedNnUNet), PretrainedNnUNet) })
            Require(text is null or { Length: > 0 }, name, "empty", "given, or null");
        Require(NnUNetConfiguration is null || NnUNetPlans is not null || PretrainedNnUNet is not null, nameof(NnUNetConfiguration), NnUNetConfiguration, $"null where neither {nameof(NnUNetPlans)} nor {nameof(PretrainedNnUNet)} is given");
        Require(BaseFeatures >= 1, nameof(BaseFeatures), BaseFeatures, "at least 1");
        Require(MaxFeatures >= BaseFeatures, nameof(MaxFeatures), MaxFeatures, $"at least BaseFeatures ({BaseFeatures})");
        Require(MaxPatchSlices is null or >= 1, nameof(MaxPatchSlices), MaxPatchSlices, "at least 1, or null");
        Require(MaxPatchSide is null or >= 8, nameof(MaxPatchSide), MaxPatchSide, "at least 8, or null");
        Require(Momentum is >= 0 and < 1, nameof(Momentum), Momentum, "in [0, 1)");
        Require(ClipNorm is null or > 0, nameof(ClipNorm), ClipNorm, "above 0, or null");
        Require(FineTuneClipNorm is null or > 0, nameof(FineTuneClipNorm), FineTuneClipNorm, "above 0, or null");
        foreach (var (name, value) in new[] { (nameof(LearningRate), LearningRate), (nameof(FineTuneLearningRate), FineTuneLearningRate), (nameof(HrHeadLearningRate), HrHeadLearningRate ?? 1) })
            Require(value > 0 && double.IsFinite(value), name, value, "above 0");
        foreach (var (name, value) in new[]
        {
            (nameof(WeightDecay), WeightDecay), (nameof(LearningRatePower), LearningRatePower), (nameof(LrLossWeight), LrLossWeight), (nameof(LrDiceWeight), LrDiceWeight), (nameof(HrLossWeight), HrLossWeight),
            (nameof(DistillationWeight), DistillationWeight), (nameof(CorrelationWeight), CorrelationWeight), (nameof(CosineWeight), CosineWeight),
        })
            Require(value >= 0 && double.IsFinite(value), name, value, "at least 0");
        foreach (var (name, value) in new[]
        {
            (nameof(RealFraction), RealFraction), (nameof(ForegroundShare), ForegroundShare), (nameof(RotationProbability), RotationProbability), (nameof(ScalingProbability), ScalingProbability),
            (nameof(NoiseProbability), NoiseProbability), (nameof(BlurProbability), BlurProbability), (nameof(BrightnessProbability), BrightnessProbability), (nameof(ContrastProbability), ContrastProbability),
            (nameof(LowResolutionProbability), LowResolutionProbability), (nameof(InvertedGammaProbability), InvertedGammaProbability), (nameof(GammaProbability), GammaProbability),
        })
            Require(value is >= 0 and <= 1, name, value, "in [0, 1]");
        Require(RealFraction < 1 || !TrainsHrHead, nameof(RealFraction), RealFraction, "below 1 with an HR head, which pseudo pairs alone teach (set HrLossWeight to 0 to train without it)");
        Require(Enum.IsDefined(Distillation), nameof(Distillation), Distillation, $"one of {string.Join(", ", Enum.GetNames<DistillationKind>())}");
        Require(Enum.IsDefined(TeacherLayer), nameof(TeacherLayer), TeacherLayer, $"one of {string.Join(", ", Enum.GetNames<TeacherLayer>())}");
    }
}
