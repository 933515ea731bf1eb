using REHRSeg.Imaging;
using REHRSeg.Onnx;

namespace REHRSeg;

/// <summary>Options of <c>SelfSrEstimator</c>: columns and every number of stage 1. Defaults are the paper's, or METHOD.md's recommendation where the paper is silent (sections 1-4, 12).</summary>
public sealed record SelfSrOptions : TrainerOptions
{
    /// <summary>Column of thick images.</summary>
    public string ImageColumnName { get; init; } = "Image";
    /// <summary>Column of thick label maps; null: there are none, only images are learnt (as with maps that are all empty), and thin labels are all background.</summary>
    public string? LabelColumnName { get; init; } = "Label";
    /// <summary>Added column of thin images.</summary>
    public string HrImageColumnName { get; init; } = "HrImage";
    /// <summary>Added column of thin label maps.</summary>
    public string HrLabelColumnName { get; init; } = "HrLabel";
    /// <summary>Added column of uncertainty maps.</summary>
    public string UncertaintyColumnName { get; init; } = "Uncertainty";

    /// <summary>Channels of the first encoder level (64 = paper).</summary>
    public int Width { get; init; } = 64;
    /// <summary>Attention branches N of the uncertainty-aware head (16 = published at r = 4, METHOD.md 2).</summary>
    public int Branches { get; init; } = 16;
    /// <summary>True: the uncertainty-aware head, from the first iteration. False: the published base head, without uncertainty and phase 1b.</summary>
    public bool UncertaintyHead { get; init; } = true;
    /// <summary>True [R, METHOD.md 12 #4]: the window's mean is put back before the image activation. False: published code.</summary>
    public bool RestoreMean { get; init; } = true;
    /// <summary>True [R]: U = 0.001 + 0.999 sigmoid. False: published code, unbounded below.</summary>
    public bool ClampUncertainty { get; init; } = true;
    /// <summary>True: the image head predicts the difference to the interpolated window (METHOD.md 16; <c>SubSliceInterpolation</c>). Off in the published form.</summary>
    public bool Residual { get; init; }
    /// <summary>What stands for slices beyond a volume's ends, in training and application; null: <see cref="EdgeSlices.Replicate"/> with <see cref="Residual"/>, else <see cref="EdgeSlices.Zero"/> (published).</summary>
    public EdgeSlices? Edge { get; init; }
    /// <summary>Views of each window over which the trained model averages when it is applied. <see cref="WindowEnsemble.None"/>: published (METHOD.md 4).</summary>
    public WindowEnsemble Ensemble { get; init; } = WindowEnsemble.None;
    /// <summary>What of the trained model's output is made to agree with the thick slices it comes from, when it is applied. <see cref="SliceConsistency.None"/>: published.</summary>
    public SliceConsistency Consistency { get; init; }

    /// <summary>
    /// FLAVR weights to start from (METHOD.md 1.5): the published <c>.pth</c> file, or a <c>.safetensors</c> file with its names. Their width must be <see cref="Width"/>.
    /// The 71 tensors between stem and head are taken. Null: all start at random.
    /// </summary>
    public string? PretrainedWeights { get; init; }
    /// <summary>How the stem starts with <see cref="PretrainedWeights"/>.</summary>
    public PretrainedStem PretrainedStem { get; init; }

    /// <summary>Iterations of phase 1a (without uncertainty loss).</summary>
    public int Iterations { get; init; } = 130_000;
    /// <summary>Iterations of phase 1b (eq. 6); 0: none.</summary>
    public int UncertaintyIterations { get; init; } = 20_000;
    /// <summary>Samples per iteration.</summary>
    public int BatchSize { get; init; } = 64;
    /// <summary>Patch side H = W in thin voxels, a multiple of 8.</summary>
    public int PatchSize { get; init; } = 96;
    /// <summary>Peak of the OneCycle learning rate of phase 1a.</summary>
    public double LearningRate { get; init; } = 5e-4;
    /// <summary>First learning rate of phase 1b, which falls to 0 along half a cosine ([R]: the published warm-up never ends, METHOD.md 2).</summary>
    public double UncertaintyLearningRate { get; init; } = 1e-4;
    /// <summary>Adam's beta2 (METHOD.md 3.4).</summary>
    public double Beta2 { get; init; } = 0.99;
    /// <summary>Gradient norm limit; null: none (published).</summary>
    public double? ClipNorm { get; init; }
    /// <summary>Decay of an exponential moving average of the weights, which then is the result; 0: none (published).</summary>
    public double EmaDecay { get; init; }
    /// <summary>True: phase 1b adds the published code's L1 terms to eq. 6 (METHOD.md 2).</summary>
    public bool PublishedUncertaintyLoss { get; init; }

    /// <summary>
    /// True: phase 1b starts with U around the error that phase 1a left (bias) and with branches that differ (weights evenly from -1 to 1), so that
    /// a short phase 1b suffices. False: published; U starts at 0.5 everywhere, and Adam needs tens of thousands of steps to bring it down.
    /// </summary>
    public bool CalibrateUncertainty { get; init; } = true;

    /// <summary>
    /// True: after training, label logits are shifted so that thin labels fill as many thick voxels as the thick labels of the training cases (<c>LabelCalibration</c>).
    /// False: published.
    /// </summary>
    public bool CalibrateLabels { get; init; }

    /// <summary>How the isotropic volumes to train on are made from the thick ones (METHOD.md 3.1).</summary>
    public SeedMode Seeds { get; init; } = SeedMode.SplineSignedDistance;
    /// <summary>Training of the SMORE network, for <see cref="SeedMode.Smore"/>.</summary>
    public SmoreOptions Smore { get; init; } = new();
    /// <summary>Receives the SMORE network of <see cref="SeedMode.Smore"/> when it is trained, for example to save it. The model is disposed after the call.</summary>
    public Action<SmoreModel>? SmoreReady { get; init; }
    /// <summary>Form of the simulated thick slices (METHOD.md 3.2).</summary>
    public SliceProfileKind Profile { get; init; } = SliceProfileKind.Gaussian;
    /// <summary>FWHM of the Gaussian in thin voxels; null: r (paper).</summary>
    public double? ProfileFwhm { get; init; }
    /// <summary>
    /// Slice thickness in mm where it is not the slice spacing: FWHM of the Gaussian is then thickness / (spacing / r) thin voxels, of the cases' median spacing. Smaller: a gap
    /// between slices; larger: an overlap. 0.1 to 4 times the spacing; null: the spacing. Labels stay the majority of r thin ones.
    /// </summary>
    public double? SliceThickness { get; init; }
    /// <summary>Quantile of a thick image that becomes 0.</summary>
    public double RobustLow { get; init; } = 0.001;
    /// <summary>Quantile of a thick image that becomes 1; see <see cref="SelfSrModelInfo.RobustRange"/>.</summary>
    public double RobustHigh { get; init; } = 0.995;
    /// <summary>
    /// Probability that a sample's first slice lies beyond the volume, that its last one does, and that its last two do (METHOD.md 1.3;
    /// the third is ours: the volume's last slice is super-resolved from such a window).
    /// </summary>
    public double EdgeDropout { get; init; } = 0.1;
    /// <summary>Probability of a flip, for each of the three axes (METHOD.md 3.3).</summary>
    public double FlipProbability { get; init; } = 0.5;
    /// <summary>Probability that H and W are exchanged (METHOD.md 3.3).</summary>
    public double SwapProbability { get; init; } = 0.5;

    /// <summary>True: patch positions are drawn with probability proportional to the mean gradient magnitude within the patch, plus <see cref="GradientFloor"/>, as SMORE does. False: uniformly (published).</summary>
    public bool GradientSampling { get; init; }
    /// <summary>Added to a patch's mean gradient magnitude, in parts of the whole volume's mean: keeps flat regions in the training.</summary>
    public double GradientFloor { get; init; } = 0.1;
    /// <summary>
    /// Probability that a sample's tissue gets another contrast, <c>x -> low + gain x^gamma</c> with numbers drawn for each channel. The thin block is mapped before its thick slices
    /// are simulated, so that window and target stay consistent; the published code maps the target alone (METHOD.md 3.3). 0: never.
    /// </summary>
    public double IntensityProbability { get; init; }
    /// <summary>Least gain; it is drawn uniformly from here to 1, and low uniformly from 0 to 1 - gain, so that values stay in [0,1].</summary>
    public double IntensityGain { get; init; } = 0.7;
    /// <summary>Largest gamma; it is drawn log-uniformly from 1 / this to this.</summary>
    public double IntensityGamma { get; init; } = 1.5;

    /// <summary>Iterations between measurements (PSNR and Dice of fixed simulated samples against linear interpolation); 0: none (published).</summary>
    public int ValidationInterval { get; init; }
    /// <summary>Samples of a measurement, and of <see cref="CalibrateUncertainty"/>.</summary>
    public int ValidationSamples { get; init; } = 32;

    internal SelfSrLossForm UncertaintyLoss => PublishedUncertaintyLoss ? SelfSrLossForm.PublishedUncertainty : SelfSrLossForm.Uncertainty;

    internal EdgeSlices EffectiveEdge => Edge ?? (Residual ? EdgeSlices.Replicate : EdgeSlices.Zero);

    /// <summary>Checks every number; called when an estimator or trainer is made.</summary>
    /// <exception cref="ArgumentException">A value is out of its range; names option, value and range.</exception>
    internal void Validate()
    {
        ValidateShared();
        void Probability(double value, string option) => Require(value is >= 0 and <= 1, option, value, "between 0 and 1");
        void Positive(double value, string option) => Require(value > 0 && double.IsFinite(value), option, value, "positive");

        Require(Width >= 1, nameof(Width), Width, "at least 1");
        Require(Branches >= 1, nameof(Branches), Branches, "at least 1");
        Require(PretrainedWeights is null or { Length: > 0 }, nameof(PretrainedWeights), "empty", "a file, or null");
        Require(Enum.IsDefined(PretrainedStem), nameof(PretrainedStem), PretrainedStem, "a defined form");
        Require(Iterations >= 1, nameof(Iterations), Iterations, "at least 1");
        Require(UncertaintyIterations >= 0, nameof(UncertaintyIterations), UncertaintyIterations, "0 or more");
        Require(BatchSize >= 1, nameof(BatchSize), BatchSize, "at least 1");
        Require(PatchSize >= 8 && PatchSize % 8 == 0, nameof(PatchSize), PatchSize, "a positive multiple of 8");
        Positive(LearningRate, nameof(LearningRate));
        Positive(UncertaintyLearningRate, nameof(UncertaintyLearningRate));
        Require(Beta2 is > 0 and < 1, nameof(Beta2), Beta2, "between 0 and 1, exclusive");
        if (ClipNorm is { } norm) Positive(norm, nameof(ClipNorm));
        Require(EmaDecay is >= 0 and < 1, nameof(EmaDecay), EmaDecay, "at least 0 and below 1");
        Require(Enum.IsDefined(Seeds), nameof(Seeds), Seeds, "a defined mode");
        Require(Smore is not null, nameof(Smore), Smore, "given");
        Smore!.Validate();
        Require(Enum.IsDefined(Profile), nameof(Profile), Profile, "a defined profile");
        Require(Enum.IsDefined(Ensemble), nameof(Ensemble), Ensemble, "None, Mirror or Full");
        Require(Enum.IsDefined(Consistency), nameof(Consistency), Consistency, "None, Labels, Image or Both");
        Require(Edge is null || Enum.IsDefined(Edge.Value), nameof(Edge), Edge, "a defined form");
        if (ProfileFwhm is { } fwhm)
        {
            Positive(fwhm, nameof(ProfileFwhm));
            Require(Profile == SliceProfileKind.Gaussian, nameof(ProfileFwhm), fwhm, "null with the SLR profile");
        }
        if (SliceThickness is { } thickness)
        {
            Positive(thickness, nameof(SliceThickness));
            Require(Profile == SliceProfileKind.Gaussian, nameof(SliceThickness), thickness, "null with the SLR profile");
            Require(ProfileFwhm is null, nameof(SliceThickness), thickness, $"null where {nameof(ProfileFwhm)} is given");
        }
        Probability(RobustLow, nameof(RobustLow));
        Probability(RobustHigh, nameof(RobustHigh));
        Require(RobustLow < RobustHigh, nameof(RobustLow), RobustLow, $"below {nameof(RobustHigh)}");
        Probability(EdgeDropout, nameof(EdgeDropout));
        Require(EdgeDropout <= 0.5, nameof(EdgeDropout), EdgeDropout, "at most 0.5");
        Probability(FlipProbability, nameof(FlipProbability));
        Probability(SwapProbability, nameof(SwapProbability));
        Require(GradientFloor >= 0 && double.IsFinite(GradientFloor), nameof(GradientFloor), GradientFloor, "0 or more");
        Probability(IntensityProbability, nameof(IntensityProbability));
        Require(IntensityGain is > 0 and <= 1, nameof(IntensityGain), IntensityGain, "above 0, at most 1");
        Require(IntensityGamma is >= 1 and <= 10, nameof(IntensityGamma), IntensityGamma, "from 1 to 10");
        Require(ValidationInterval >= 0, nameof(ValidationInterval), ValidationInterval, "0 or more");
        Require(ValidationSamples >= 1, nameof(ValidationSamples), ValidationSamples, "at least 1");
    }

    /// <summary>Every option that bears on the result, as text, for fingerprints.</summary>
    internal string DescribeSettings() => string.Join("; ", GetType().GetProperties()
        .Where(p => !p.Name.EndsWith("ColumnName", StringComparison.Ordinal) && p.Name is not (nameof(Labels) or nameof(Axis) or nameof(Seed) or nameof(GpuDeviceId) or nameof(FallbackToCpu)
            or nameof(CheckpointDirectory) or nameof(PretrainedWeights) or nameof(Resume) or nameof(CheckpointInterval) or nameof(Progress) or nameof(CancellationToken) or nameof(ValidationInterval) or nameof(Smore) or nameof(SmoreReady)))
        .OrderBy(p => p.Name, StringComparer.Ordinal)
        .Select(p => FormattableString.Invariant($"{p.Name} {p.GetValue(this)}"))) + (Seeds == SeedMode.Smore ? $"; SMORE {Smore.DescribeSettings()}" : "");

    /// <summary>FWHM of a Gaussian profile in thin voxels; null: r.</summary>
    /// <param name="factor">r.</param>
    /// <param name="spacing">Slice spacing in mm.</param>
    internal double? FwhmOf(int factor, double spacing) => SliceThickness is { } thickness ? thickness * factor / spacing : ProfileFwhm;

    /// <param name="factor">r.</param>
    /// <param name="spacing">Slice spacing in mm.</param>
    /// <exception cref="ArgumentOutOfRangeException">The slice thickness does not go with the spacing.</exception>
    internal SliceProfile MakeProfile(int factor, double spacing) =>
        SliceThickness is { } thickness ? SliceProfile.ForThickness(factor, thickness, spacing) : Profile.Make(factor, ProfileFwhm);
}

/// <summary>How a thick case becomes an isotropic one to train on.</summary>
public enum SeedMode
{
    /// <summary>Image by cubic B-spline, labels by shape-based interpolation (signed distances).</summary>
    SplineSignedDistance,
    /// <summary>Image by cubic B-spline, labels of the nearest slice (the published code's fallback).</summary>
    SplineNearest,
    /// <summary>Image by cubic B-spline, labels by morphological contour interpolation (METHOD.md 10.2).</summary>
    SplineMorphological,
    /// <summary>Image and labels by a SMORE network that is trained on the same cases first (the paper; <see cref="SelfSrOptions.Smore"/>).</summary>
    Smore,
}

/// <summary>Families of slice profiles.</summary>
public enum SliceProfileKind
{
    /// <summary>Gaussian (the paper).</summary>
    Gaussian,
    /// <summary>Simulated SLR pulse (the published code).</summary>
    Slr,
}

/// <summary>Profiles of a family.</summary>
internal static class SliceProfileKinds
{
    /// <param name="kind">The family.</param>
    /// <param name="factor">r.</param>
    /// <param name="fwhm">FWHM of a Gaussian in thin voxels; null: r.</param>
    public static SliceProfile Make(this SliceProfileKind kind, int factor, double? fwhm) => kind == SliceProfileKind.Slr ? SliceProfile.Slr(factor) : SliceProfile.Gaussian(factor, fwhm);
}
