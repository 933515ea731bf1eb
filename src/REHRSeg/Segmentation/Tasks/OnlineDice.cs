namespace REHRSeg;

/// <summary>nnU-Net's pseudo-Dice (METHOD.md section 7): hits, false alarms and misses of each class, added up over all patches, as if they were one.</summary>
internal sealed class OnlineDice(int classes)
{
    readonly long[] _hits = new long[classes], _falseAlarms = new long[classes], _misses = new long[classes];

    /// <summary>Adds the voxels of a patch: class indices, background 0.</summary>
    public void Add(ReadOnlySpan<byte> predicted, ReadOnlySpan<byte> truth)
    {
        if (predicted.Length != truth.Length) throw new ArgumentException($"{predicted.Length} predicted voxels, {truth.Length} true ones.", nameof(predicted));
        for (int i = 0; i < predicted.Length; i++)
        {
            if (predicted[i] == truth[i])
            {
                _hits[truth[i]]++;
                continue;
            }
            _falseAlarms[predicted[i]]++;
            _misses[truth[i]]++;
        }
    }

    /// <summary>2 tp / (2 tp + fp + fn); NaN for a class that was neither there nor predicted.</summary>
    public double Of(int index) => 2.0 * _hits[index] / (2 * _hits[index] + _falseAlarms[index] + _misses[index]);

    /// <summary>Mean over the foreground classes that are not NaN; NaN if all are.</summary>
    public double MeanForeground => Enumerable.Range(1, classes - 1).Select(Of).Where(double.IsFinite).DefaultIfEmpty(double.NaN).Average();
}
