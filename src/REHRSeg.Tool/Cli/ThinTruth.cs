using REHRSeg.Imaging;

namespace REHRSeg.Tool;

/// <summary>The thin images and labels that <c>simulate</c> leaves in <c>hr</c> beside its thick cases: what a fully supervised model learns from.</summary>
internal static class ThinTruth
{
    /// <summary>The thin form of some cases; the files of all others are not touched.</summary>
    /// <param name="thick">Dataset that <c>simulate</c> wrote.</param>
    /// <param name="cases">The cases to train on, as the check saw them.</param>
    /// <param name="factor">Thin slices per thick slice.</param>
    /// <exception cref="DatasetException">No <c>hr</c> folder, other labels, or a case is missing.</exception>
    /// <exception cref="GeometryMismatchException">A thin image or label map off the refined grid.</exception>
    public static MedicalDataset Open(MedicalDataset thick, IReadOnlyList<CaseSummary> cases, int factor)
    {
        string folder = Path.Combine(thick.Directory, "hr");
        if (!File.Exists(Path.Combine(folder, "dataset.json")))
            throw new DatasetException($"--method fully-supervised: {folder} is not there or has no dataset.json. Give a --dataset that 'rehrseg simulate' wrote, which keeps the thin truth in its folder hr.");
        var thin = MedicalDataset.Open(folder);
        if (!thin.Labels.SequenceEqual(thick.Labels)) throw new DatasetException($"{folder} names other labels than {thick.Directory}. Simulate the thick cases again.");
        var byId = thin.Cases.ToDictionary(c => c.Id);
        var chosen = cases.Select(c => byId.TryGetValue(c.Id, out var found) ? found : throw new DatasetException($"{folder} has no case {c.Id}, which is to be trained on. Simulate the thick cases again.")).ToArray();
        foreach (var (summary, item) in cases.Zip(chosen))
        {
            var grid = summary.Geometry.Refine(factor, summary.Axis);
            foreach (string file in item.ImageFiles.Append(item.LabelFile!))
                if (grid.DescribeDifference(VolumeFile.ReadGeometry(file)) is { } difference)
                    throw new GeometryMismatchException($"{file} does not lie on the grid of its thick image refined {factor} times along {summary.Axis}: {difference}. Simulate the thick cases again, or give the factor and axis they were made with.");
        }
        return new(thin.Directory, thin.Name, thin.Labels, thin.ChannelNames, chosen);
    }
}
