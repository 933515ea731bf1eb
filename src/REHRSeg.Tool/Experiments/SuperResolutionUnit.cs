using REHRSeg.Imaging;
using REHRSeg.Onnx;

namespace REHRSeg.Tool;

/// <summary>A super-resolution cell on one fold: trains what it needs, makes the held-out annotated cases thin, scores images and labels.</summary>
internal sealed class SuperResolutionUnit(ExperimentUnit unit, UnitFolder folder, ExperimentData data, SharedStages stages, CancellationToken cancel)
{
    /// <summary>The trained method, by its name.</summary>
    public IReadOnlyDictionary<string, StageFolder> Prepare() => stages.Source(unit) is { Upstream: { } trained } source ? new Dictionary<string, StageFolder> { [source.Method] = trained } : [];

    public IReadOnlyList<UnitCase> Run(IReadOnlyDictionary<string, StageFolder> shared)
    {
        var held = data.HeldOut(unit.Fold);
        stages.SuperResolve(unit.Cell.Method, shared.GetValueOrDefault(unit.Cell.Method), unit, held, folder.Path, new()
        {
            Consistency = unit.Cell.Consistency is { } c ? Enum.Parse<SliceConsistency>(c, ignoreCase: true) : null,
            Ensemble = unit.Cell.Ensemble is { } e ? Enum.Parse<WindowEnsemble>(e, ignoreCase: true) : null,
        });
        var thin = CaseFiles.Find(folder.Images, Path.Combine(folder.Path, "labels"), "results").ToDictionary(c => c.Id);
        return [.. held.Select(c =>
        {
            cancel.ThrowIfCancellationRequested();
            var ((image, label), (truth, truthLabel)) = (thin[c.Id].ReadPair(data.Thick.Labels), data.Thin[c.Id].ReadPair(data.Thick.Labels));
            return new UnitCase(c.Id, [.. UnitScoring.Image(image, truth), .. UnitScoring.Labels("HR", label, truthLabel, data.Thick.Labels)]);
        })];
    }
}
