using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace REHRSeg.Imaging;

/// <summary>Interprets <c>dataset.json</c> and finds the files of each case, in either layout.</summary>
static partial class DatasetDescription
{
    /// <summary>The dataset that <paramref name="root"/> describes.</summary>
    /// <exception cref="DatasetException">A field is missing or wrong, or a file is missing.</exception>
    internal static MedicalDataset Read(JsonElement root, string folder, string file, bool requireLabels = true)
    {
        if (root.ValueKind != JsonValueKind.Object) throw new DatasetException($"{file} holds a JSON {root.ValueKind}; a dataset description is an object.");
        bool nnUNet = root.TryGetProperty("channel_names", out _), decathlon = root.TryGetProperty("training", out var training);
        if (!nnUNet && !decathlon) throw new DatasetException($"{file} has neither channel_names (nnU-Net v2) nor training (Medical Segmentation Decathlon); add the fields of one of them.");
        bool labelled = requireLabels || (nnUNet ? Directory.Exists(Path.Combine(folder, "labelsTr")) && Directory.EnumerateFileSystemEntries(Path.Combine(folder, "labelsTr")).Any() : training.ValueKind != JsonValueKind.Array || training.EnumerateArray().Any(HasLabel));
        var labels = labelled || NamesForeground(root) ? ReadLabels(root, file) : MedicalDataset.NoLabels;
        var channels = ReadChannels(root, nnUNet ? "channel_names" : "modality", file);
        RequireUsable(labels, channels, file);
        var cases = nnUNet ? ListNnUNet(root, folder, file, channels.Count, labelled) : ListDecathlon(training, folder, file, channels.Count, labelled);
        cases.Sort((a, b) => string.CompareOrdinal(a.Id, b.Id));
        for (int i = 1; i < cases.Count; i++)
            if (cases[i].Id == cases[i - 1].Id) throw new DatasetException($"{file}: the case id {cases[i].Id} occurs twice ({cases[i - 1].ImageFiles[0]} and {cases[i].ImageFiles[0]}); rename or remove one.");
        if (cases.Count == 0) throw new DatasetException($"{file}: the dataset is empty; {(nnUNet ? "put CASE_0000 images into imagesTr and CASE labels into labelsTr" : "list {\"image\": ..., \"label\": ...} pairs under training")}.");
        if (nnUNet && root.TryGetProperty("numTraining", out var number) && number.TryInteger(out int expected) && expected != cases.Count)
            throw new DatasetException($"{file}: numTraining is {expected}, but {cases.Count} case(s) are there; restore the missing files or correct numTraining.");
        string name = root.TryGetProperty("name", out var title) && title.ValueKind == JsonValueKind.String && title.GetString() is { Length: > 0 } given ? given : Path.GetFileName(folder);
        return new(folder, name, labels, channels, cases);
    }

    /// <summary>Checks that labels are 0 to K-1 with distinct names and that there is a channel.</summary>
    /// <exception cref="DatasetException">They are not.</exception>
    internal static void RequireUsable(IReadOnlyList<LabelClass> labels, IReadOnlyList<string> channels, string file)
    {
        var values = labels.Select(l => l.Value).Order().ToArray();
        if (labels.Count < 2 || !values.SequenceEqual(Enumerable.Range(0, values.Length)))
            throw new DatasetException($"{file}: labels has the values {string.Join(", ", values)}; it needs 0 (background) and the foreground values 1, 2, ... without gaps, so renumber the labels.");
        if (labels.GroupBy(l => l.Name).FirstOrDefault(g => g.Count() > 1) is { } twice)
            throw new DatasetException($"{file}: labels names \"{twice.Key}\" twice; give each value its own name.");
        if (channels.Count == 0) throw new DatasetException($"{file}: no image channel is named; name at least one.");
    }

    static IReadOnlyList<LabelClass> ReadLabels(JsonElement root, string file)
    {
        if (!root.TryGetProperty("labels", out var map) || map.ValueKind != JsonValueKind.Object)
            throw new DatasetException($"{file}: labels is missing or not an object; map names to values, for example \"labels\": {{\"background\": 0, \"tumour\": 1}}.");
        var labels = new List<LabelClass>();
        foreach (var entry in map.EnumerateObject())
        {
            if (entry.Value.ValueKind is JsonValueKind.Array) throw new DatasetException($"{file}: labels.{entry.Name} is a list of values; region-based labels are not supported, so give each structure one value.");
            bool valueFirst = int.TryParse(entry.Name, NumberStyles.Integer, CultureInfo.InvariantCulture, out int value) && entry.Value.ValueKind == JsonValueKind.String && !entry.Value.TryInteger(out _);
            if (!valueFirst && !entry.Value.TryInteger(out value)) throw new DatasetException($"{file}: labels.{entry.Name} is {entry.Value.GetRawText()}; map a name to an integer, or an integer to a name.");
            string name = valueFirst ? entry.Value.GetString()! : entry.Name;
            if (name == "ignore") throw new DatasetException($"{file}: labels names \"ignore\"; partly annotated cases are not supported, so complete or remove them.");
            labels.Add(new(value, name));
        }
        labels.Sort((a, b) => a.Value.CompareTo(b.Value));
        return labels;
    }

    static List<string> ReadChannels(JsonElement root, string field, string file)
    {
        if (!root.TryGetProperty(field, out var map)) return ["image"]; // the Decathlon's modality may be left out
        if (map.ValueKind != JsonValueKind.Object) throw new DatasetException($"{file}: {field} is not an object; map channel numbers to names, for example {{\"0\": \"MRI\"}}.");
        var channels = new SortedDictionary<int, string>();
        foreach (var entry in map.EnumerateObject())
        {
            if (!int.TryParse(entry.Name, NumberStyles.None, CultureInfo.InvariantCulture, out int number) || !channels.TryAdd(number, entry.Value.ToString()))
                throw new DatasetException($"{file}: {field} has the key \"{entry.Name}\"; its keys are the channel numbers \"0\", \"1\", ..., each once.");
        }
        if (!channels.Keys.SequenceEqual(Enumerable.Range(0, channels.Count))) throw new DatasetException($"{file}: {field} numbers the channels {string.Join(", ", channels.Keys)}; number them from 0 without gaps.");
        return [.. channels.Values];
    }

    static List<MedicalCase> ListNnUNet(JsonElement root, string folder, string file, int channels, bool labelled)
    {
        string ending = root.TryGetProperty("file_ending", out var given) ? given.ToString() : ".nii.gz";
        if (VolumeFile.EndingOf("x" + ending) is null) throw new DatasetException($"{file}: file_ending is \"{ending}\", which no format reads; convert the images to .nii.gz, or add the format with VolumeFile.Register.");
        string images = Path.Combine(folder, "imagesTr"), labels = Path.Combine(folder, "labelsTr");
        if (!Directory.Exists(images)) throw new DatasetException($"{folder} has no folder imagesTr; put the images there as CASE_0000{ending}.");
        var channelsOf = new Dictionary<string, int>();
        foreach (string image in Directory.EnumerateFiles(images))
        {
            string name = Path.GetFileName(image);
            if (name.StartsWith('.') || !name.EndsWith(ending, StringComparison.Ordinal)) continue;
            if (ChannelSuffix().Match(name[..^ending.Length]) is not { Success: true } match)
                throw new DatasetException($"{image}: the name does not end in a channel number; name the files CASE_0000{ending}, CASE_0001{ending}, ... (or list them under training, as the Decathlon does).");
            string id = match.Groups[1].Value;
            channelsOf[id] = Math.Max(channelsOf.GetValueOrDefault(id), int.Parse(match.Groups[2].Value, CultureInfo.InvariantCulture) + 1);
        }
        if (channelsOf.FirstOrDefault(c => c.Value > channels) is { Key: { } extra } tooMany)
            throw new DatasetException($"{images}: case {extra} has a channel {tooMany.Value - 1:0000}, but channel_names in {file} names {channels} channel(s); name it there or remove the file.");
        return
        [
            .. channelsOf.Keys.Select(id => new MedicalCase(id,
                [.. Enumerable.Range(0, channels).Select(c => Existing(Path.Combine(images, $"{id}_{c:0000}{ending}"), id, file))],
                labelled ? Existing(Path.Combine(labels, id + ending), id, file) : null)),
        ];
    }

    static List<MedicalCase> ListDecathlon(JsonElement training, string folder, string file, int channels, bool labelled)
    {
        if (training.ValueKind != JsonValueKind.Array) throw new DatasetException($"{file}: training is not a list; list {{\"image\": ..., \"label\": ...}} pairs.");
        var cases = new List<MedicalCase>();
        foreach (var (entry, i) in training.EnumerateArray().Select((entry, i) => (entry, i)))
        {
            string image = Listed("image"), id = VolumeFile.NameWithoutEnding(image);
            string? label = labelled ? Listed("label") : null;
            string[] images = File.Exists(image) ? [image] : [.. Enumerable.Range(0, channels).Select(c => Path.Combine(Path.GetDirectoryName(image)!, $"{id}_{c:0000}{VolumeFile.EndingOf(image)}"))];
            // nnU-Net v1 lists CASE.nii.gz but stores CASE_0000.nii.gz.
            cases.Add(new(id, images.All(File.Exists) ? images : [Existing(image, id, file)], label is null ? null : Existing(label, id, file)));

            string Listed(string field) => entry.ValueKind == JsonValueKind.Object && entry.TryGetProperty(field, out var path) && path.ValueKind == JsonValueKind.String && path.GetString() is { Length: > 0 } relative
                ? Path.GetFullPath(relative, folder)
                : throw new DatasetException($"{file}: training[{i}] has no {field}; each entry is {{\"image\": \"imagesTr/CASE.nii.gz\", \"label\": \"labelsTr/CASE.nii.gz\"}}.");
        }
        return cases;
    }

    static bool HasLabel(JsonElement entry) => entry.ValueKind == JsonValueKind.Object && entry.TryGetProperty("label", out _);

    static bool NamesForeground(JsonElement root) => root.TryGetProperty("labels", out var labels) && labels.ValueKind == JsonValueKind.Object && labels.EnumerateObject().Count() > 1;

    static string Existing(string path, string id, string file) => File.Exists(path) ? path
        : throw new DatasetException($"{path} is missing (case {id} of {file}); restore it, or remove the case{(Directory.Exists(Path.GetDirectoryName(path)) ? "" : " (its folder is missing too)")}.");

    static bool TryInteger(this JsonElement element, out int value)
    {
        value = 0;
        return element.ValueKind switch
        {
            JsonValueKind.Number => element.TryGetInt32(out value),
            JsonValueKind.String => int.TryParse(element.GetString(), NumberStyles.Integer, CultureInfo.InvariantCulture, out value),
            _ => false,
        };
    }

    [GeneratedRegex(@"^(.+)_(\d{4})$")]
    private static partial Regex ChannelSuffix();
}
