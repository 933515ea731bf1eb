using REHRSeg.Imaging;

namespace REHRSeg.Tool;

/// <summary>
/// How far a segmenter's probabilities can be believed on held-out cases, before and after temperature scaling, and which of two uncertainties points at wrong voxels. Takes one case after another; memory is
/// that of one case, some 6 MB a curve, and a bounded sample a case for the temperatures. Probabilities wait in a temporary file for the second look.
/// </summary>
internal sealed class CalibrationStudy : IDisposable
{
    readonly GridStudy _lr, _hr;

    /// <param name="labels">Label value of each channel of the probabilities.</param>
    /// <param name="seed">Of the samples.</param>
    /// <param name="temporaryFolder">Null: the system's.</param>
    public CalibrationStudy(IReadOnlyList<LabelClass> labels, int seed = 1, string? temporaryFolder = null)
    {
        string folder = temporaryFolder ?? Path.GetTempPath();
        (_lr, _hr) = (new("LR", labels, seed, folder), new("HR", labels, seed, folder));
    }

    /// <summary>Takes a case on its own grid.</summary>
    /// <param name="id">For messages.</param>
    /// <param name="probabilities">As the network says (not scaled), one channel a class.</param>
    /// <param name="truth">True labels.</param>
    /// <param name="selfSrUncertainty">U on this grid, at LR averaged over the thin slices; null: none.</param>
    public void AddLr(string id, MLVolume probabilities, MLVolume truth, MLVolume? selfSrUncertainty) => _lr.Add(id, probabilities, truth, selfSrUncertainty);

    /// <summary>Takes a case on the thin grid.</summary>
    /// <inheritdoc cref="AddLr"/>
    public void AddHr(string id, MLVolume probabilities, MLVolume truth, MLVolume? selfSrUncertainty) => _hr.Add(id, probabilities, truth, selfSrUncertainty);

    /// <summary>The temperature of all LR cases together; null: there is none.</summary>
    public FittedTemperature? FitLr() => _lr.Fit();

    /// <summary>The temperature of all HR cases together; null: there is none.</summary>
    public FittedTemperature? FitHr() => _hr.Fit();

    /// <summary>Looks at every case again with the temperature of the other half.</summary>
    public CalibrationResult Finish() => new([.. _lr.Finish(), .. _hr.Finish()]);

    public void Dispose()
    {
        _lr.Dispose();
        _hr.Dispose();
    }
}

/// <summary>One grid of a <see cref="CalibrationStudy"/>. Cases are halves in turn: the first, third, ... are scaled with the temperature of the second, fourth, ..., and the other way round.</summary>
internal sealed class GridStudy(string grid, IReadOnlyList<LabelClass> labels, int seed, string temporaryFolder) : IDisposable
{
    readonly TemperatureFit[] _halves = [new(labels, seed: seed), new(labels, seed: seed)];
    readonly RegionStudy[] _regions = [new("all", labels), new("near", labels)];
    readonly HashSet<string> _ids = [];
    CaseSpool? _spool;

    public void Add(string id, MLVolume probabilities, MLVolume truth, MLVolume? uncertainty)
    {
        if (!_ids.Add(id)) throw new ArgumentException($"Case {id} was given twice at {grid}.", nameof(id));
        uncertainty?.RequireSameGrid(truth, $"The uncertainty of case {id}", "its labels");
        _halves[(_ids.Count - 1) % 2].Add(probabilities, truth);
        var prediction = truth.WithVoxels(MostLikely(probabilities));
        MLVolume near = NearForeground.Of(prediction, truth), wrong = NearForeground.Wrong(prediction, truth), entropy = PredictiveEntropy.Normalised(probabilities);
        _regions[0].Add(probabilities, truth, null, wrong, entropy, uncertainty);
        _regions[1].Add(probabilities, truth, near, wrong, entropy, uncertainty);
        (_spool ??= new(temporaryFolder)).Add(probabilities, truth, near);
    }

    public FittedTemperature? Fit()
    {
        if (_ids.Count == 0) return null;
        var all = new TemperatureFit(labels, seed: seed);
        foreach (var half in _halves) all.Merge(half);
        return all.Fit();
    }

    public IEnumerable<GridCalibration> Finish()
    {
        if (_ids.Count == 0) return [];
        if (_ids.Count == 1) return [.. _regions.Select(r => r.Result(grid, Fit()!.Temperature))];
        double[] temperatures = [_halves[1].Fit().Temperature, _halves[0].Fit().Temperature];
        int i = 0;
        foreach (var volumes in _spool!.Read())
        {
            double temperature = temperatures[i++ % 2];
            _regions[0].AddScaled(volumes[0], volumes[1], null, temperature);
            _regions[1].AddScaled(volumes[0], volumes[1], volumes[2], temperature);
        }
        return [.. _regions.Select(r => r.Result(grid, Math.Sqrt(temperatures[0] * temperatures[1])))];
    }

    public void Dispose() => _spool?.Dispose();

    float[] MostLikely(MLVolume probabilities)
    {
        var result = new float[probabilities.Geometry.VoxelCount];
        for (int i = 0; i < result.Length; i++)
        {
            int best = 0;
            for (int k = 1; k < labels.Count; k++) if (probabilities.Channel(k)[i] > probabilities.Channel(best)[i]) best = k;
            result[i] = labels[best].Value;
        }
        return result;
    }
}

/// <summary>One region of a grid.</summary>
internal sealed class RegionStudy(string region, IReadOnlyList<LabelClass> labels)
{
    readonly ReliabilityDiagram _before = new(labels), _after = new(labels);
    readonly RocCurve _entropy = new();
    RocCurve? _uncertainty;

    public void Add(MLVolume probabilities, MLVolume truth, MLVolume? inside, MLVolume wrong, MLVolume entropy, MLVolume? uncertainty)
    {
        _before.Add(probabilities, truth, inside);
        _entropy.Add(entropy, wrong, inside);
        if (uncertainty is not null) (_uncertainty ??= new()).Add(uncertainty, wrong, inside);
    }

    public void AddScaled(MLVolume probabilities, MLVolume truth, MLVolume? inside, double temperature) => _after.Add(probabilities, truth, inside, temperature);

    public GridCalibration Result(string grid, double temperature) => new(grid, region, _before.Voxels, temperature, Of(_before), Of(_after), Area(_entropy), Area(_uncertainty));

    static Reliability Of(ReliabilityDiagram diagram) => new(diagram.ExpectedCalibrationError, diagram.NegativeLogLikelihood, [.. diagram.Bins.Select(b => new ReliabilityBin(b.Voxels, b.Confidence, b.Accuracy))]);

    internal static double? Area(RocCurve? curve) => curve is { Positives: > 0, Negatives: > 0 } ? curve.Area : null;
}
