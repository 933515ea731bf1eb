using System.Text.Json;
using System.Text.Json.Nodes;

namespace REHRSeg.Imaging;

/// <summary>
/// A folder of cases with <c>dataset.json</c>: Medical Segmentation Decathlon (a <c>training</c> list) or nnU-Net v2 raw
/// (<c>imagesTr/CASE_0000.nii.gz</c>, <c>labelsTr/CASE.nii.gz</c>, <c>channel_names</c>).
/// </summary>
public sealed class MedicalDataset
{
    static readonly JsonSerializerOptions s_readable = new() { WriteIndented = true, IndentSize = 1, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    internal MedicalDataset(string directory, string name, IReadOnlyList<LabelClass> labels, IReadOnlyList<string> channelNames, IReadOnlyList<MedicalCase> cases)
        => (Directory, Name, Labels, ChannelNames, Cases) = (directory, name, labels, channelNames, cases);

    /// <summary>Absolute path of the folder.</summary>
    public string Directory { get; }
    /// <summary>Name from dataset.json, or the folder's.</summary>
    public string Name { get; }
    /// <summary>Label values and names, ascending, background 0 first; the values are 0 to K-1.</summary>
    public IReadOnlyList<LabelClass> Labels { get; }
    /// <summary>Names of the image channels.</summary>
    public IReadOnlyList<string> ChannelNames { get; }
    /// <summary>Cases, sorted by id (ordinal).</summary>
    public IReadOnlyList<MedicalCase> Cases { get; }

    /// <summary>False: no case has a label map; such a dataset serves super-resolution of images alone.</summary>
    public bool HasLabels => Cases.All(c => c.LabelFile is not null);

    /// <summary>Names for labels where there are none.</summary>
    internal static IReadOnlyList<LabelClass> NoLabels { get; } = [new(0, "background"), new(1, "foreground")];

    /// <summary>Reads dataset.json and lists the cases; no voxels are read.</summary>
    /// <param name="directory">The dataset's folder.</param>
    /// <param name="requireLabels">False: a dataset in which no case at all has a label map is opened too (<see cref="HasLabels"/>).</param>
    /// <exception cref="DatasetException">No dataset.json, no cases, a listed file is missing, an unknown layout: each with its remedy.</exception>
    public static MedicalDataset Open(string directory, bool requireLabels = true)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(directory);
        string folder = Path.TrimEndingDirectorySeparator(Path.GetFullPath(directory)), file = Path.Combine(folder, "dataset.json");
        if (!System.IO.Directory.Exists(folder)) throw new DatasetException($"{folder}: there is no such folder; check the path.");
        if (!File.Exists(file))
            throw new DatasetException($"{folder} has no dataset.json; give a Medical Segmentation Decathlon or nnU-Net v2 folder, or write a dataset.json with channel_names, labels, numTraining and file_ending beside imagesTr and labelsTr.");
        using var json = Parse(file);
        return DatasetDescription.Read(json.RootElement, folder, file, requireLabels);
    }

    /// <summary>Writes <c>dataset.json</c> in nnU-Net v2 form (atomically). The folder is created.</summary>
    /// <param name="directory">The dataset's folder.</param>
    /// <param name="name">Name of the dataset.</param>
    /// <param name="labels">Values 0 to K-1 with their names.</param>
    /// <param name="channelNames">Names of the image channels.</param>
    /// <param name="caseCount">Cases in imagesTr.</param>
    /// <exception cref="DatasetException">The labels are not 0 to K-1 with distinct names, or there is no channel.</exception>
    /// <exception cref="IOException">The folder cannot be written.</exception>
    public static void WriteDescription(string directory, string name, IReadOnlyList<LabelClass> labels, IReadOnlyList<string> channelNames, int caseCount)
    {
        string file = Path.Combine(directory, "dataset.json");
        DatasetDescription.RequireUsable(labels, channelNames, file);
        var description = new JsonObject
        {
            ["name"] = name,
            ["channel_names"] = new JsonObject(channelNames.Select((channel, i) => KeyValuePair.Create($"{i}", (JsonNode?)channel))),
            ["labels"] = new JsonObject(labels.OrderBy(l => l.Value).Select(l => KeyValuePair.Create(l.Name, (JsonNode?)l.Value))),
            ["numTraining"] = caseCount,
            ["file_ending"] = ".nii.gz",
        };
        AtomicFile.WriteText(file, description.ToJsonString(s_readable) + "\n");
    }

    static JsonDocument Parse(string file)
    {
        try
        {
            return JsonDocument.Parse(File.ReadAllBytes(file).AsMemory(), new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
        }
        catch (JsonException e)
        {
            throw new DatasetException($"{file} is not valid JSON (line {e.LineNumber + 1}): {e.Message}", e);
        }
    }
}

/// <summary>A label value and its name.</summary>
/// <param name="Value">Small non-negative integer; 0 is background.</param>
/// <param name="Name">Name from dataset.json.</param>
public sealed record LabelClass(int Value, string Name);
