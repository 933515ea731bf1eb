using System.Diagnostics;
using REHRSeg.Imaging;

namespace REHRSeg.Tool;

/// <summary>Scores per case and their mean and standard deviation.</summary>
/// <param name="Kind">"labels" or "images".</param>
/// <param name="Cases">Every measure of every case.</param>
/// <param name="Summary">Mean and sd (n - 1) over cases with a finite value; "mean" over foreground classes comes last.</param>
/// <param name="Failed">Cases that could not be scored.</param>
internal sealed record Evaluation(string Kind, IReadOnlyList<CaseScore> Cases, IReadOnlyList<ScoreSummary> Summary, int Failed)
{
    /// <param name="predictions">Folder of predicted volumes.</param>
    /// <param name="reference">Folder of reference volumes.</param>
    /// <param name="images">Images instead of labels.</param>
    /// <param name="onError">Takes the failure of a case.</param>
    /// <param name="onStep">Takes cases done, cases, and time.</param>
    /// <param name="cancel">Stops between cases.</param>
    /// <param name="tolerance">Null: the standard measures. Else all of them, with this tolerance of the surface Dice in mm.</param>
    public static Evaluation Run(string predictions, string reference, bool images, Action<string> onError, Action<int, int, TimeSpan>? onStep, CancellationToken cancel, double? tolerance = null)
    {
        var predicted = CaseFiles.Volumes(predictions);
        var truth = CaseFiles.Volumes(reference);
        if (predicted.Count == 0) throw new DatasetException($"--predictions {predictions} holds no .nii or .nii.gz files.");
        var names = images ? null : LabelNames(reference);
        var cases = new List<CaseScore>();
        int failed = 0, done = 0;
        var watch = Stopwatch.StartNew();
        foreach (var (name, file) in predicted)
        {
            string id = images ? CaseFiles.WithoutChannel(name) : name;
            cancel.ThrowIfCancellationRequested();
            try
            {
                string referenceFile = truth.GetValueOrDefault(name) ?? truth.GetValueOrDefault(images ? id : name) ?? truth.GetValueOrDefault(images ? id + "_0000" : name)
                    ?? throw new DatasetException($"{reference} has no volume named {name}; restore it, or remove {file}.");
                cases.AddRange(images ? ScoreImage(id, file, referenceFile, tolerance is not null) : ScoreLabels(id, file, referenceFile, names, tolerance));
            }
            catch (Exception e) when (e is not OperationCanceledException && !CommandLine.IsDefect(e))
            {
                failed++;
                onError($"case {id}: {CommandLine.Describe(e)}");
            }
            onStep?.Invoke(++done, predicted.Count, watch.Elapsed);
        }
        return new(images ? "images" : "labels", cases, Summarise(cases), failed);
    }

    /// <summary>Mean of a measure over cases and foreground classes.</summary>
    public double Mean(string measure) => Summary.LastOrDefault(s => s.Measure == measure)?.Mean ?? double.NaN;

    static IEnumerable<CaseScore> ScoreImage(string id, string file, string referenceFile, bool all)
    {
        var (p, t) = (VolumeFile.Read(file), VolumeFile.Read(referenceFile));
        p.RequireSameGrid(t, file, referenceFile);
        yield return new(id, "image", "PSNR", Metrics.Psnr(p, t));
        yield return new(id, "image", "SSIM", Metrics.Ssim(p, t));
        if (all) yield return new(id, "image", "SSIM of slices", Metrics.SsimOfSlices(p, t, t.Geometry.DetectSliceAxis() ?? SliceAxis.Z));
    }

    static IEnumerable<CaseScore> ScoreLabels(string id, string file, string referenceFile, IReadOnlyList<LabelClass>? names, double? tolerance)
    {
        var (p, t) = (VolumeFile.Read(file), VolumeFile.Read(referenceFile));
        p.RequireSameGrid(t, file, referenceFile);
        IEnumerable<LabelClass> classes = names ?? [.. t.Voxels.ToArray().Concat(p.Voxels.ToArray()).Distinct().Order().Select(v => new LabelClass((int)v, $"class {(int)v}"))];
        foreach (var c in classes.Where(c => c.Value != 0))
        {
            var scores = Metrics.Compare(p, t, c.Value, tolerance ?? 0);
            yield return new(id, c.Name, "DSC", scores.Dice);
            yield return new(id, c.Name, "HD95", scores.HausdorffDistance95);
            if (tolerance is null) continue;
            yield return new(id, c.Name, "Jaccard", scores.Jaccard);
            yield return new(id, c.Name, "HD", scores.HausdorffDistance);
            yield return new(id, c.Name, "ASSD", scores.AverageSurfaceDistance);
            yield return new(id, c.Name, "surface DSC", scores.SurfaceDice);
            yield return new(id, c.Name, "volume difference", scores.VolumeDifference);
            yield return new(id, c.Name, "relative volume difference", scores.RelativeVolumeDifference);
        }
    }

    static IReadOnlyList<LabelClass>? LabelNames(string reference)
    {
        foreach (string folder in new[] { reference, Path.Combine(reference, "..") })
            if (File.Exists(Path.Combine(folder, "dataset.json"))) return MedicalDataset.Open(folder).Labels;
        return null;
    }

    static List<ScoreSummary> Summarise(List<CaseScore> cases)
    {
        var result = cases.GroupBy(c => (c.Name, c.Measure)).Select(g => Of(g.Key.Name, g.Key.Measure, g)).ToList();
        if (cases.Select(c => c.Name).Distinct().Count() > 1)
            result.AddRange(cases.GroupBy(c => c.Measure).Select(g => Of("mean", g.Key,
                g.GroupBy(c => c.Id).Select(k => new CaseScore(k.Key, "mean", g.Key, k.Where(c => double.IsFinite(c.Value)).Select(c => c.Value).DefaultIfEmpty(double.NaN).Average())))));
        return result;
    }

    static ScoreSummary Of(string name, string measure, IEnumerable<CaseScore> scores)
    {
        var all = scores.Select(s => s.Value).ToArray();
        var finite = all.Where(double.IsFinite).ToArray();
        double mean = finite.Length > 0 ? finite.Average() : double.NaN;
        double sd = finite.Length > 1 ? Math.Sqrt(finite.Sum(v => (v - mean) * (v - mean)) / (finite.Length - 1)) : double.NaN;
        return new(name, measure, mean, sd, finite.Length, all.Length - finite.Length);
    }
}

/// <summary>One measure of one case.</summary>
internal sealed record CaseScore(string Id, string Name, string Measure, double Value);

/// <summary>A measure over cases. <paramref name="Undefined"/> counts cases where it has no finite value (a class absent from both, or from one).</summary>
internal sealed record ScoreSummary(string Name, string Measure, double Mean, double Sd, int Cases, int Undefined);
