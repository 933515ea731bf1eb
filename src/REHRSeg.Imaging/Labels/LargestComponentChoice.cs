using System.Collections.Immutable;

namespace REHRSeg.Imaging;

/// <summary>
/// Decides on validation cases whether keep-largest-component post-processing helps (METHOD.md section 7). Give it every pair of prediction and reference once, in any order; it
/// holds numbers alone.
/// </summary>
/// <remarks>
/// nnU-Net v2's rule (<c>nnUNetv2_determine_postprocessing</c>): first the whole foreground, if that raises the mean foreground Dice and lowers no class's; then, with more
/// than one class and on what the first step gave, each class whose own mean Dice rises. The Dice of a class that is in neither map of a case is left out of its mean; a class that has no
/// case at all is left out of the foreground mean (nnU-Net's would be undefined).
/// </remarks>
public sealed class LargestComponentChoice
{
    readonly int[] _labels;
    // Sum of Dice and number of cases by class: as predicted, with the class's own rule, after the foreground rule, after both.
    readonly Mean[] _plain, _own, _foreground, _both;

    /// <summary>Begins with no case.</summary>
    /// <param name="labels">Foreground label values.</param>
    /// <exception cref="ArgumentException">None, one twice, or the background.</exception>
    public LargestComponentChoice(IReadOnlyCollection<int> labels)
    {
        ArgumentNullException.ThrowIfNull(labels);
        if (labels.Count == 0 || labels.Any(l => l <= 0) || labels.Distinct().Count() != labels.Count)
            throw new ArgumentException($"Foreground labels are different positive values; these are {string.Join(", ", labels)}.", nameof(labels));
        _labels = [.. labels];
        (_plain, _own, _foreground, _both) = (new Mean[labels.Count], new Mean[labels.Count], new Mean[labels.Count], new Mean[labels.Count]);
    }

    /// <summary>Cases so far.</summary>
    public int Cases { get; private set; }

    /// <summary>Takes one case.</summary>
    /// <param name="prediction">Predicted labels, not post-processed.</param>
    /// <param name="reference">True labels on the same grid.</param>
    /// <exception cref="GeometryMismatchException">The grids differ.</exception>
    public void Add(MLVolume prediction, MLVolume reference)
    {
        ArgumentNullException.ThrowIfNull(prediction);
        var foreground = LargestComponent.Keep(prediction, LargestComponentRule.Foreground);
        for (int k = 0; k < _labels.Length; k++)
        {
            int label = _labels[k];
            double Dice(MLVolume labels) => Metrics.Dice(labels, reference, label);
            double Own(MLVolume labels) => Dice(LargestComponent.Keep(labels, new LargestComponentRule(label)));
            _plain[k].Add(Dice(prediction));
            _own[k].Add(Own(prediction));
            _foreground[k].Add(Dice(foreground));
            _both[k].Add(Own(foreground));
        }
        Cases++;
    }

    /// <summary>The rules that help on the cases so far, in the order to apply them; empty: none does, or there is no case.</summary>
    public ImmutableArray<LargestComponentRule> Rules => [.. UseForeground ? [LargestComponentRule.Foreground] : Array.Empty<LargestComponentRule>(), .. ClassRules()];

    /// <summary>Mean Dice of each class as predicted; NaN where no case has it.</summary>
    public IReadOnlyDictionary<int, double> DiceBefore => ByLabel(k => _plain[k].Value);

    /// <summary>Mean Dice of each class after <see cref="Rules"/>; NaN where no case has it.</summary>
    public IReadOnlyDictionary<int, double> DiceAfter => ByLabel(k => UseForeground ? UsesOwn(k) ? _both[k].Value : _foreground[k].Value : UsesOwn(k) ? _own[k].Value : _plain[k].Value);

    bool UseForeground => Overall(_foreground) > Overall(_plain) && !_labels.Where((_, k) => _foreground[k].Value < _plain[k].Value).Any();

    bool UsesOwn(int k) => _labels.Length > 1 && (UseForeground ? _both[k].Value > _foreground[k].Value : _own[k].Value > _plain[k].Value);

    IEnumerable<LargestComponentRule> ClassRules() => Enumerable.Range(0, _labels.Length).Where(UsesOwn).Select(k => new LargestComponentRule(_labels[k]));

    Dictionary<int, double> ByLabel(Func<int, double> value) => Enumerable.Range(0, _labels.Length).ToDictionary(k => _labels[k], value);

    static double Overall(Mean[] classes) => classes.Select(c => c.Value).Where(double.IsFinite).DefaultIfEmpty(double.NaN).Average();

    struct Mean
    {
        double _sum;
        int _count;

        public readonly double Value => _count == 0 ? double.NaN : _sum / _count;

        public void Add(double value)
        {
            if (double.IsNaN(value)) return;
            _sum += value;
            _count++;
        }
    }
}
