using REHRSeg.Imaging;

namespace REHRSeg.Tool;

/// <summary>Finds the cases behind an <c>--input</c>: a dataset folder, a folder of volumes, or one file.</summary>
internal static class CaseFiles
{
    public static IReadOnlyList<MedicalCase> Find(string input, string? labels = null, string option = "--input")
    {
        IReadOnlyList<MedicalCase> cases =
            File.Exists(input) ? [new MedicalCase(WithoutChannel(VolumeFile.NameWithoutEnding(input)), [Path.GetFullPath(input)], null)]
            : !Directory.Exists(input) ? throw new FileNotFoundException($"{option} {input}: there is no such file or folder.")
            : File.Exists(Path.Combine(input, "dataset.json")) ? MedicalDataset.Open(input, requireLabels: false).Cases
            : FromFolder(input, option);
        if (labels is null) return cases;
        if (File.Exists(labels))
        {
            if (cases.Count != 1) throw new UsageException($"--labels {labels} is one file, but --input holds {cases.Count} cases; give a folder.");
            return [cases[0] with { LabelFile = Path.GetFullPath(labels) }];
        }
        if (!Directory.Exists(labels)) throw new FileNotFoundException($"--labels {labels}: there is no such file or folder.");
        var byId = Volumes(labels);
        return [.. cases.Select(c => c with { LabelFile = byId.TryGetValue(c.Id, out string? file) ? file : throw new DatasetException($"--labels {labels} has no label map for case {c.Id}. Name it {c.Id}.nii.gz.") })];
    }

    /// <summary>The dataset behind a <c>--dataset</c>; a folder of volumes alone, or with <c>imagesTr</c> alone, is one without labels.</summary>
    public static MedicalDataset Dataset(string folder)
    {
        string images = Path.Combine(folder, "imagesTr"), source = Directory.Exists(images) ? images : folder;
        if (File.Exists(Path.Combine(folder, "dataset.json")) || Directory.Exists(Path.Combine(folder, "labelsTr")) || !Directory.Exists(source) || Volumes(source).Count == 0) return MedicalDataset.Open(folder, requireLabels: false);
        var cases = FromFolder(source, "--dataset");
        int channels = cases[0].ImageFiles.Count > 1 ? cases[0].ImageFiles.Count : VolumeFile.Read(cases[0].ImageFiles[0]).Channels;
        string path = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        return new(path, Path.GetFileName(path), MedicalDataset.NoLabels, [.. Enumerable.Range(0, channels).Select(c => $"image {c}")], cases);
    }

    /// <summary>The volumes of a folder by name without ending.</summary>
    public static SortedDictionary<string, string> Volumes(string folder)
    {
        if (!Directory.Exists(folder)) throw new DirectoryNotFoundException($"{folder}: there is no such folder.");
        var result = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (string file in Directory.EnumerateFiles(folder).Where(f => VolumeFile.EndingOf(f) is not null && !Path.GetFileName(f).StartsWith('.')))
        {
            string name = VolumeFile.NameWithoutEnding(file);
            if (!result.TryAdd(name, file)) throw new DatasetException($"{folder} holds {name} twice, as {Path.GetFileName(result[name])} and as {Path.GetFileName(file)}; remove one.");
        }
        return result;
    }

    /// <summary>Writes each channel as <c>CASE_0000.nii.gz</c>, <c>CASE_0001.nii.gz</c>, ...</summary>
    public static void WriteChannels(MLVolume image, string folder, string id)
    {
        for (int c = 0; c < image.Channels; c++)
            VolumeFile.Write(image.Channels == 1 ? image : image.WithVoxels(image.Channel(c).ToArray()), Path.Combine(folder, $"{id}_{c:0000}.nii.gz"));
    }

    /// <summary>CASE of CASE_0000; other names as they are.</summary>
    public static string WithoutChannel(string name) => name.EndsWith("_0000", StringComparison.Ordinal) ? name[..^5] : name;

    /// <summary>Files are channels of one case where their numbers are exactly _0000, _0001, ...; else each is a case (ids may end in four digits).</summary>
    static IReadOnlyList<MedicalCase> FromFolder(string folder, string option)
    {
        var cases = new List<MedicalCase>();
        foreach (var group in Volumes(folder).GroupBy(v => HasChannel(v.Key) ? v.Key[..^5] : v.Key, StringComparer.Ordinal))
        {
            if (group.Select((v, c) => v.Key == $"{group.Key}_{c:0000}").All(isChannel => isChannel)) cases.Add(new(group.Key, [.. group.Select(v => v.Value)], null));
            else cases.AddRange(group.Select(v => new MedicalCase(v.Key, [v.Value], null)));
        }
        return cases.Count > 0 ? [.. cases.OrderBy(c => c.Id, StringComparer.Ordinal)] : throw new DatasetException($"{option} {folder} holds no .nii or .nii.gz files.");
    }

    static bool HasChannel(string name) => name.Length > 5 && name[^5] == '_' && name[^4..].All(char.IsAsciiDigit);
}
