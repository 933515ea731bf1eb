using System.Text.Json.Nodes;
using REHRSeg.Imaging;

namespace REHRSeg.Tool;

/// <summary>The segmenter's plan before anything is trained: from the fingerprints that the dataset's check took, as the trainer will make it.</summary>
/// <param name="dataset">Labels and channels.</param>
/// <param name="seed">Of the fingerprints' samples.</param>
internal sealed class SegmenterPlan(MedicalDataset dataset, int seed)
{
    readonly Dictionary<string, CaseFingerprint> _cases = [];
    readonly int _limit = ForegroundSample.Limit(dataset.Cases.Count);

    /// <summary>Takes one case's fingerprint.</summary>
    public void Measure(string id, MLVolume image, MLVolume? label, SliceAxis axis) => _cases[id] = CaseFingerprint.Measure(id, image, label, axis, _limit, seed);

    /// <summary>Plans for some of the cases.</summary>
    /// <param name="ids">Training cases, measured before.</param>
    /// <param name="options">Budget, limits, nnU-Net files.</param>
    /// <param name="plan">Factor and slice axis.</param>
    /// <param name="checkpoint">nnU-Net's weights; null: none.</param>
    /// <param name="gpu">Training is on a GPU.</param>
    /// <param name="resumed">Run folder that is resumed; null: a new run.</param>
    /// <param name="warn">Receives warnings.</param>
    public SegmentationPlan Make(IEnumerable<string> ids, RehrSegOptions options, TrainingPlan plan, NnUNetCheckpoint? checkpoint, bool gpu, string? resumed, Action<string> warn) =>
        RehrSegPlanning.Plan(new([.. ids.Order(StringComparer.Ordinal).Select(id => _cases[id])]), options, new()
        {
            Channels = dataset.ChannelNames.Count, Classes = dataset.Labels.Count, Factor = plan.Factor, Axis = plan.Axis, Gpu = gpu, Resumed = resumed,
        }, checkpoint, warn);

    /// <summary>As in <c>plan.json</c>, for <c>--json</c>.</summary>
    public static JsonNode? ToJson(SegmentationPlan? plan) => plan is null ? null : JsonNode.Parse(plan.ToJson());
}
