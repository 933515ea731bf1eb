using System.Collections.Immutable;
using REHRSeg.Imaging;
using REHRSeg.Onnx;
using TorchSharp;

namespace REHRSeg;

/// <summary>
/// Shifts the label logits so that, over the training cases and along their real slice axis, each class is the majority in as many thick voxels as the thick labels say.
/// Samples are simulated along in-plane axes, where structures have other shapes than across slices; thin labels of structures that are long across slices come out too
/// small. The thick labels across slices are known, so this takes no thin truth. A shift of all branches shifts their mixture by the same.
/// </summary>
internal static class LabelCalibration
{
    /// <summary>Logits that are looked at, about; cases spread over the set are taken until there are as many.</summary>
    const long Logits = 1L << 24;
    /// <summary>Largest shift in either direction.</summary>
    const float Most = 4;
    const int Rounds = 4, Halvings = 16;

    /// <summary>Measures the shifts and puts them into the network.</summary>
    /// <returns>Shift of each foreground class.</returns>
    public static ImmutableArray<float> Apply(SelfSrNetwork network, IReadOnlyList<TrainingCase> cases, SelfSrPlan plan, SelfSrModelInfo info, TrainingContext context)
    {
        using var model = new TorchWindowModel(network, context.Device);
        using var columns = new Columns(model, info);
        bool training = network.training;
        network.eval();
        foreach (int i in Spread(cases.Count))
        {
            if (columns.Seen >= Logits) break;
            VolumeSuperResolver.Apply(cases[i].Image, cases[i].Label, columns, info with { Ensemble = WindowEnsemble.None, Consistency = SliceConsistency.None }, plan.Axes[i], null, context.CancellationToken);
        }
        network.train(training);
        // From below, so that each class first competes with the background alone.
        float[] shifts = [.. Enumerable.Range(1, info.LabelChannels).Select(label => columns.Thick(label) > 0 ? -Most : 0)];
        for (int round = 0; round < Rounds; round++)
            for (int label = 0; label < shifts.Length; label++) shifts[label] = Balance(columns, shifts, label);
        LabelOutputs.Shift(network, shifts);
        context.Log($"self-sr: label logits shifted by {string.Join(", ", shifts.Select(s => s.ToString("0.00", System.Globalization.CultureInfo.InvariantCulture)))}, so that thin labels fill as many thick voxels as the thick labels.");
        return [.. shifts];
    }

    /// <summary>The shift of one class at which as many columns have it as majority as have it as thick label.</summary>
    static float Balance(Columns columns, ReadOnlySpan<float> shifts, int label)
    {
        float[] trial = shifts.ToArray();
        int wanted = columns.Thick(label + 1);
        if (wanted == 0) return trial[label];
        (float low, float high) = (-Most, Most);
        for (int i = 0; i < Halvings; i++)
        {
            trial[label] = (low + high) / 2;
            if (columns.Majority(label + 1, trial) < wanted) low = trial[label];
            else high = trial[label];
        }
        return (low + high) / 2;
    }

    /// <summary>0 to n-1, coarse to fine: any first part is spread over all.</summary>
    static IEnumerable<int> Spread(int count)
    {
        var given = new HashSet<int>();
        for (int parts = 1; given.Count < count; parts *= 2)
            for (int k = 0; k < parts; k++)
                if (given.Add((int)((2L * k + 1) * count / (2L * parts)))) yield return (int)((2L * k + 1) * count / (2L * parts));
    }

    /// <summary>Runs windows through a network and keeps the voxel columns (r logits of each class) that a shift can change.</summary>
    sealed class Columns(IWindowModel model, SelfSrModelInfo info) : IWindowModel
    {
        readonly List<float[]> _logits = [];
        readonly List<byte> _thick = [];

        public long Seen { get; private set; }

        public void Run(ReadOnlyMemory<float> windows, int batch, int height, int width, Memory<float> image, Memory<float> labelLogits, Memory<float> uncertainty, CancellationToken cancellationToken)
        {
            model.Run(windows, batch, height, width, image, labelLogits, uncertainty, cancellationToken);
            int plane = height * width, outputs = info.LabelChannels * info.Factor, channels = info.ImageChannels + info.LabelChannels;
            ReadOnlySpan<float> given = windows.Span, made = labelLogits.Span;
            for (int b = 0; b < batch; b++)
                for (int i = 0; i < plane; i++)
                {
                    byte thick = 0;
                    for (int l = 0; l < info.LabelChannels; l++)
                        if (given[((b * channels + info.ImageChannels + l) * ThickSlicePatchSampler.WindowSlices + 1) * plane + i] > 0) thick = (byte)(l + 1);
                    bool changes = thick > 0;
                    for (int o = 0; o < outputs && !changes; o++) changes = made[(b * outputs + o) * plane + i] > -Most;
                    if (!changes) continue;
                    float[] column = new float[outputs];
                    for (int o = 0; o < outputs; o++) column[o] = made[(b * outputs + o) * plane + i];
                    _logits.Add(column);
                    _thick.Add(thick);
                }
            Seen += (long)batch * outputs * plane;
        }

        public int Thick(int label) => _thick.Count(t => t == label);

        public int Majority(int label, float[] shifts)
        {
            int found = 0;
            Span<int> classes = stackalloc int[info.Factor];
            foreach (float[] column in _logits)
            {
                for (int t = 0; t < classes.Length; t++)
                {
                    (float best, int winner) = (0, 0);
                    for (int l = 0; l < shifts.Length; l++)
                        if (column[l * info.Factor + t] + shifts[l] > best) (best, winner) = (column[l * info.Factor + t] + shifts[l], l + 1);
                    classes[t] = winner;
                }
                if (LabelConsistency.Majority(classes) == label) found++;
            }
            return found;
        }

        public void Dispose() { }
    }
}
