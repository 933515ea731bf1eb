using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using REHRSeg.Imaging;

[assembly: LoadableClass(typeof(LoadVolumesTransformer), null, typeof(SignatureLoadModel), "Load volumes", LoadVolumesTransformer.LoaderSignature)]

namespace REHRSeg.Imaging;

/// <summary>Adds a volume column for each text column of file paths.</summary>
/// <seealso cref="LoadVolumesEstimator"/>
public sealed class LoadVolumesTransformer : AddVolumesTransformer
{
    internal const string LoaderSignature = "RehrSegLoadVolumes";
    static readonly ModelFormat Format = new("RSLOADVO", LoaderSignature, typeof(LoadVolumesTransformer).Assembly);
    readonly LoadVolumesOptions _options;

    internal LoadVolumesTransformer(IHostEnvironment env, LoadVolumesOptions options)
        : base(env.Register(nameof(LoadVolumesTransformer)), [.. options.Columns.Select(c => new AddedVolume(c.OutputColumnName, c.InputColumnName))]) => _options = options;

    private protected override void CheckInput(DataViewSchema input)
    {
        foreach (var pair in _options.Columns) input.Require(pair.InputColumnName, TextDataViewType.Instance);
    }

    private protected override Func<MLVolume?[]> MakeRowFunction(DataViewRow input, IReadOnlyList<bool> wanted)
    {
        var paths = _options.Columns.Select((pair, i) => wanted[i] ? input.GetGetter<ReadOnlyMemory<char>>(input.Schema[pair.InputColumnName]) : null).ToArray();
        return () => [.. paths.Select((get, i) => get is null ? null : Read(get, _options.Columns[i].InputColumnName, input.Position))];
    }

    MLVolume Read(ValueGetter<ReadOnlyMemory<char>> get, string column, long row)
    {
        ReadOnlyMemory<char> path = default;
        get(ref path);
        if (path.Span.IsWhiteSpace()) throw new InvalidOperationException($"Column '{column}' holds no file path in row {row}. Give every row one, or filter such rows out.");
        return VolumeFile.Read(_options.Directory is { } directory ? Path.Combine(directory, path.ToString()) : path.ToString(), _options.Limits);
    }

    // Fields: int count, count x (string output, string input), string directory ("" = none), long voxel limit, long extension limit.
    private protected override void Save(ModelSaveContext context)
    {
        var writer = MlNetInternals.BeginSave(context, Format);
        writer.Write(_options.Columns.Count);
        foreach (var pair in _options.Columns)
        {
            writer.Write(pair.OutputColumnName);
            writer.Write(pair.InputColumnName);
        }
        writer.Write(_options.Directory ?? "");
        writer.Write(_options.Limits.MaxVoxels);
        writer.Write(_options.Limits.MaxExtensionBytes);
    }

    static LoadVolumesTransformer Create(IHostEnvironment env, ModelLoadContext context)
    {
        var reader = MlNetInternals.BeginLoad(context, Format);
        int count = reader.ReadInt32();
        var pairs = new List<InputOutputColumnPair>();
        for (int i = 0; i < count; i++) pairs.Add(new(reader.ReadString(), reader.ReadString()));
        string directory = reader.ReadString();
        return new(env, new()
        {
            Columns = pairs,
            Directory = directory.Length == 0 ? null : directory,
            Limits = new() { MaxVoxels = reader.ReadInt64(), MaxExtensionBytes = reader.ReadInt64() },
        });
    }
}
