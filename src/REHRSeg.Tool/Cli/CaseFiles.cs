using REHRSeg.Imaging;

namespace REHRSeg.Tool;

/// <summary>Finds the cases behind an <c>--input</c>: a dataset folder, a folder of volumes, or one file.</summary>
internal static class CaseFiles
{
    static readonly string[] Endings = [".nii.gz", ".nii"];

    public static IReadOnlyList<MedicalCase> Find(string input, string? labels = null)
    {
        IReadOnlyList<MedicalCase> cases =
            File.Exists(input) ? [new MedicalCase(CaseId(input), [Path.GetFullPath(input)], null)]
            : !Directory.Exists(input) ? throw new FileNotFoundException($"--input {input}: there is no such file or folder.")
            : File.Exists(Path.Combine(input, "dataset.json")) ? MedicalDataset.Open(input).Cases
            : FromFolder(input);
        if (labels is null) return cases;
        if (File.Exists(labels))
        {
            if (cases.Count != 1) throw new UsageException($"--labels {labels} is one file, but --input holds {cases.Count} cases; give a folder.");
            return [cases[0] with { LabelFile = Path.GetFullPath(labels) }];
        }
        if (!Directory.Exists(labels)) throw new FileNotFoundException($"--labels {labels}: there is no such file or folder.");
        var byId = LabelMaps(labels);
        return [.. cases.Select(c => c with { LabelFile = byId.TryGetValue(c.Id, out string? file) ? file : throw new DatasetException($"--labels {labels} has no label map for case {c.Id}. Name it {c.Id}.nii.gz.") })];
    }

    /// <summary>Volumes in a folder by case id.</summary>
    public static SortedDictionary<string, string> LabelMaps(string folder)
    {
        if (!Directory.Exists(folder)) throw new DirectoryNotFoundException($"{folder}: there is no such folder.");
        var result = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (string file in VolumeFiles(folder)) result[CaseId(file)] = file;
        return result;
    }

    /// <summary>File name without ending and without nnU-Net's channel number.</summary>
    public static string CaseId(string file)
    {
        string name = Path.GetFileName(file);
        foreach (string ending in Endings)
            if (name.EndsWith(ending, StringComparison.OrdinalIgnoreCase)) { name = name[..^ending.Length]; break; }
        return HasChannel(name) ? name[..^5] : name;
    }

    static IReadOnlyList<MedicalCase> FromFolder(string folder)
    {
        var cases = VolumeFiles(folder).GroupBy(CaseId, StringComparer.Ordinal).OrderBy(g => g.Key, StringComparer.Ordinal)
            .Select(g => new MedicalCase(g.Key, [.. g.Order(StringComparer.Ordinal)], null)).ToArray();
        return cases.Length > 0 ? cases : throw new DatasetException($"--input {folder} holds no .nii or .nii.gz files.");
    }

    static IEnumerable<string> VolumeFiles(string folder) =>
        Directory.EnumerateFiles(folder).Where(f => Endings.Any(e => f.EndsWith(e, StringComparison.OrdinalIgnoreCase)) && !Path.GetFileName(f).StartsWith('.'));

    static bool HasChannel(string name) => name.Length > 5 && name[^5] == '_' && name[^4..].All(char.IsAsciiDigit);
}
