namespace REHRSeg.Imaging;

/// <summary>Integrity check of a dataset before hours of work.</summary>
public static class DatasetCheck
{
    /// <summary>Slices that the self-super-resolution window spans (METHOD.md section 1).</summary>
    const int MinSlices = 4;
    /// <summary>Ratio to the median spacing from which a case is called unusual.</summary>
    const double UnusualRatio = 2;
    /// <summary>Cases that a warning names.</summary>
    const int NamedCases = 5;

    /// <summary>
    /// Reads every case and collects all problems: shape or geometry of image and label, unnamed label values, NaN, single slices,
    /// fewer than 4 slices along the slice axis, damaged files, isotropic spacing without <paramref name="factor"/>.
    /// </summary>
    /// <param name="dataset">What to check.</param>
    /// <param name="factor">Thin slices per thick slice, at least 2; null: from the spacing.</param>
    /// <param name="axis">Slice axis; null: detected from the spacing.</param>
    /// <param name="progress">Receives the number of cases done.</param>
    /// <param name="cancellationToken">Stops between files.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="factor"/> is below 2.</exception>
    /// <exception cref="OperationCanceledException">The check was cancelled. Nothing in the data makes it throw.</exception>
    public static DatasetReport Run(MedicalDataset dataset, int? factor = null, SliceAxis? axis = null, IProgress<int>? progress = null, CancellationToken cancellationToken = default)
        => Run(dataset, factor, axis, progress, null, cancellationToken);

    /// <summary>As the public overload; <paramref name="inspect"/> is shown each readable case with its slice axis, while it is in memory.</summary>
    internal static DatasetReport Run(MedicalDataset dataset, int? factor, SliceAxis? axis, IProgress<int>? progress, Action<MedicalCase, MLVolume, MLVolume?, SliceAxis>? inspect, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(dataset);
        if (factor is < 2) throw new ArgumentOutOfRangeException(nameof(factor), factor, "The factor is at least 2.");
        List<CaseSummary> cases = [];
        List<string> problems = [], warnings = [];
        foreach (var (done, medicalCase) in dataset.Cases.Index())
        {
            cancellationToken.ThrowIfCancellationRequested();
            var image = Attempt(() => medicalCase.ReadImage(), problems);
            cancellationToken.ThrowIfCancellationRequested();
            SortedDictionary<int, long> counts = [];
            var label = dataset.HasLabels ? Attempt(() => medicalCase.ReadLabel(dataset.Labels, null, out counts), problems) : null;
            if (image is not null)
            {
                bool fits = CheckPair(dataset, medicalCase, image, label, problems);
                var caseAxis = CheckSlices(medicalCase, image.Geometry, factor, axis, problems, warnings);
                cases.Add(new(medicalCase.Id, image.Geometry, caseAxis, label is null ? new SortedDictionary<int, long>() : counts));
                if (fits) inspect?.Invoke(medicalCase, image, label, caseAxis);
            }
            if (label is not null && counts.Keys.All(value => value == 0)) warnings.Add($"{medicalCase.LabelFile}: every voxel is background; check that the case is annotated.");
            progress?.Report(done + 1);
        }
        if (!dataset.HasLabels) warnings.Add($"{dataset.Name}: there are no label maps; only the super-resolution of images can be learnt.");
        CompareCases(dataset, cases, problems.Count == 0 && dataset.HasLabels, warnings);
        return new(cases, problems, warnings);
    }

    static MLVolume? Attempt(Func<MLVolume> read, List<string> problems)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            problems.Add(e.Message);
            return null;
        }
    }

    static bool CheckPair(MedicalDataset dataset, MedicalCase medicalCase, MLVolume image, MLVolume? label, List<string> problems)
    {
        int before = problems.Count;
        if (image.Channels != dataset.ChannelNames.Count)
            problems.Add($"{string.Join(", ", medicalCase.ImageFiles)}: {image.Channels} channel(s), but dataset.json names {dataset.ChannelNames.Count} ({string.Join(", ", dataset.ChannelNames)}); correct one of them.");
        if (label is not null && image.Geometry.DescribeDifference(label.Geometry) is { } difference)
            problems.Add($"{medicalCase.ImageFiles[0]} and {medicalCase.LabelFile} do not lie on the same grid: {difference}. Resample one onto the other, or correct its header.");
        return problems.Count == before;
    }

    static SliceAxis CheckSlices(MedicalCase medicalCase, VolumeGeometry geometry, int? factor, SliceAxis? axis, List<string> problems, List<string> warnings)
    {
        string file = medicalCase.ImageFiles[0];
        var detected = geometry.DetectSliceAxis();
        var used = axis ?? detected ?? SliceAxis.Z;
        for (int a = 0; a < 3; a++)
            if (geometry.Size[a] == 1 && a != (int)used) problems.Add($"{file}: size is {string.Join("x", geometry.Size)}, a single slice along {(SliceAxis)a}; a 3-D volume is needed, so remove the case.");
        int slices = geometry.Size[(int)used];
        if (slices < MinSlices)
            problems.Add($"{file}: {(slices == 1 ? "a single slice" : $"{slices} slices")} along the slice axis {used} (size {string.Join("x", geometry.Size)}); at least {MinSlices} are needed, so remove the case{(axis is null ? " or give the slice axis" : " or give another slice axis")}.");
        double ratio = geometry.SliceRatio(used);
        if (factor is null && Math.Round(ratio) < 2)
            problems.Add(FormattableString.Invariant($"{file}: spacing is {string.Join("x", geometry.Spacing.Select(s => FormattableString.Invariant($"{s:0.###}")))} mm, {(detected is null ? "isotropic" : $"a ratio of {ratio:0.##} along {used}")}, which gives no factor of at least 2; give the factor and the slice axis (--factor, --axis)."));
        else if (factor is null && Math.Abs(ratio - Math.Round(ratio)) > 0.05)
            warnings.Add(FormattableString.Invariant($"{file}: slice spacing is {ratio:0.##} times the in-plane spacing, not an integer; the factor is rounded to {Math.Round(ratio)}, which makes thin slices of {geometry.Spacing[(int)used] / Math.Round(ratio):0.###} mm."));
        if (detected is null && axis is null && factor is not null) warnings.Add($"{file}: spacing is isotropic, so the slice axis is taken to be {used}; give the axis if it is another.");
        return used;
    }

    static void CompareCases(MedicalDataset dataset, List<CaseSummary> cases, bool complete, List<string> warnings)
    {
        foreach (var (axis, ids) in cases.GroupBy(c => c.Axis).OrderByDescending(g => g.Count()).Skip(1).Select(g => (g.Key, g.Select(c => c.Id))))
            warnings.Add($"{dataset.Name}: the slice axis is {axis} in {string.Join(", ", ids)} and another in most cases; give the axis if that is not meant.");
        CompareSpacings(dataset, cases, warnings);
        if (complete)
            foreach (var label in dataset.Labels.Where(l => l.Value != 0 && cases.All(c => !c.LabelVoxels.ContainsKey(l.Value))))
                warnings.Add($"{dataset.Name}: label {label.Value} ({label.Name}) occurs in no case; it cannot be learnt.");
    }

    /// <summary>Cases are resampled to one spacing, the median: where a case has twice or half of it, much is made up or lost.</summary>
    static void CompareSpacings(MedicalDataset dataset, List<CaseSummary> cases, List<string> warnings)
    {
        if (cases.Count < 2) return;
        double[] Spacing(CaseSummary c) => [c.Geometry.Spacing[(int)c.Axis], .. Enum.GetValues<SliceAxis>().Where(a => a != c.Axis).Select(a => c.Geometry.Spacing[(int)a])];
        double[] median = [.. Enumerable.Range(0, 3).Select(a => Median(cases.Select(c => Spacing(c)[a])))];
        var far = cases.Where(c => Spacing(c).Zip(median, (s, m) => Math.Max(s / m, m / s)).Max() >= UnusualRatio).ToArray();
        if (far.Length > 0)
            warnings.Add($"{dataset.Name}: {far.Length} of {cases.Count} cases have a spacing far from the median, {Text(median)} mm (slices first): {string.Join(", ", far.Take(NamedCases).Select(c => $"{c.Id} {Text(Spacing(c))}"))}{(far.Length > NamedCases ? $" and {far.Length - NamedCases} more" : "")}. The segmenter resamples them to the median, and one factor may not fit all; check their headers, or train such cases apart.");

        static string Text(double[] spacing) => string.Join(" x ", spacing.Select(s => s.ToString("0.###", System.Globalization.CultureInfo.InvariantCulture)));
    }

    static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }
}

/// <summary>What a check found.</summary>
/// <param name="Cases">Per case: id, geometry, slice axis, voxel counts per label value. Cases whose image cannot be read are left out.</param>
/// <param name="Problems">One clear line each (file, field, value, remedy); empty: all is well.</param>
/// <param name="Warnings">Things that are unusual but allowed.</param>
public sealed record DatasetReport(IReadOnlyList<CaseSummary> Cases, IReadOnlyList<string> Problems, IReadOnlyList<string> Warnings)
{
    /// <summary>True if any voxel of any case is annotated as other than background.</summary>
    public bool HasForeground => Cases.Any(c => c.LabelVoxels.Keys.Any(value => value != 0));
}

/// <summary>One case as the check saw it.</summary>
/// <param name="Id">Case identifier.</param>
/// <param name="Geometry">Grid of the image.</param>
/// <param name="Axis">Slice axis: given, detected, or Z if the spacing is isotropic.</param>
/// <param name="LabelVoxels">Voxels of each label value that occurs, ascending; empty if the label map cannot be read.</param>
public sealed record CaseSummary(string Id, VolumeGeometry Geometry, SliceAxis Axis, IReadOnlyDictionary<int, long> LabelVoxels);
