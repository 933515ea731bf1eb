using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using REHRSeg;
using REHRSeg.Imaging;

[assembly: LoadableClass(typeof(PseudoDataTransformer), null, typeof(SignatureLoadModel), "Pseudo thick/thin pairs", PseudoDataTransformer.LoaderSignature)]

namespace REHRSeg;

/// <summary>Turns each super-resolved case into r rows of pseudo thick/thin pairs (eq. 1), computed when a cursor asks for them.</summary>
/// <seealso cref="PseudoDataEstimator"/>
public sealed class PseudoDataTransformer : ITransformer
{
    internal const string LoaderSignature = "RehrSegPseudoData";
    static readonly ModelFormat Format = new("RSPSEUDO", LoaderSignature, typeof(PseudoDataTransformer).Assembly);
    readonly PseudoDataOptions _options;
    readonly IHost _host;

    internal PseudoDataTransformer(IHostEnvironment env, PseudoDataOptions options) => (_host, _options) = (env.Register(nameof(PseudoDataTransformer)), options);

    bool ITransformer.IsRowToRowMapper => false;

    IRowToRowMapper ITransformer.GetRowToRowMapper(DataViewSchema inputSchema)
        => throw new NotSupportedException("PseudoData makes several rows of one, so it cannot score single rows. Use model.ForScoring(), which leaves it out.");

    /// <summary>The input's columns, the volumes of a pair, and the start offset.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An input column is missing or of another type.</exception>
    /// <exception cref="ArgumentException">The factor is not given, and no self-SR model came with the thin images.</exception>
    public DataViewSchema GetOutputSchema(DataViewSchema inputSchema)
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        PseudoPlan.Of(_options, inputSchema);
        return PseudoDataView.MakeSchema(inputSchema, _options);
    }

    /// <summary>A lazy view of r rows a case.</summary>
    public IDataView Transform(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        return new PseudoDataView(_host, input, _options, PseudoPlan.Of(_options, input.Schema));
    }

    // Fields: 9 column names, int factor (0 = the model's), int axis (-1 = as self-SR), int number of starts (0 = all) and the starts,
    // bool profile given, then string name, int factor, int first, int number of weights, float weights.
    void ICanSaveModel.Save(ModelSaveContext context)
    {
        var writer = MlNetInternals.BeginSave(context, Format);
        var o = _options;
        foreach (string name in (string[])[o.ImageColumnName, o.HrImageColumnName, o.HrLabelColumnName, o.UncertaintyColumnName,
            o.PseudoImageColumnName, o.PseudoLabelColumnName, o.PseudoHrLabelColumnName, o.PseudoUncertaintyColumnName, o.StartColumnName]) writer.Write(name);
        writer.Write(o.Factor ?? 0);
        writer.Write((int?)o.Axis ?? -1);
        writer.Write(o.Starts?.Count ?? 0);
        foreach (int start in o.Starts ?? []) writer.Write(start);
        writer.Write(o.Profile is not null);
        if (o.Profile is not { } profile) return;
        writer.Write(profile.Name);
        writer.Write(profile.Factor);
        writer.Write(profile.First);
        writer.Write(profile.Weights.Count);
        foreach (float weight in profile.Weights) writer.Write(weight);
    }

    static PseudoDataTransformer Create(IHostEnvironment env, ModelLoadContext context)
    {
        var reader = MlNetInternals.BeginLoad(context, Format);
        var options = new PseudoDataOptions
        {
            ImageColumnName = reader.ReadString(), HrImageColumnName = reader.ReadString(), HrLabelColumnName = reader.ReadString(), UncertaintyColumnName = reader.ReadString(),
            PseudoImageColumnName = reader.ReadString(), PseudoLabelColumnName = reader.ReadString(), PseudoHrLabelColumnName = reader.ReadString(), PseudoUncertaintyColumnName = reader.ReadString(),
            StartColumnName = reader.ReadString(),
            Factor = reader.ReadInt32() is > 0 and var factor ? factor : null,
            Axis = reader.ReadInt32() is >= 0 and var axis ? (SliceAxis)axis : null,
        };
        var starts = new List<int>();
        for (int i = reader.ReadInt32(); i > 0; i--) starts.Add(reader.ReadInt32());
        if (starts.Count > 0) options = options with { Starts = starts };
        if (!reader.ReadBoolean()) return new(env, options);
        string name = reader.ReadString();
        int profileFactor = reader.ReadInt32(), first = reader.ReadInt32();
        var weights = new List<float>();
        for (int i = reader.ReadInt32(); i > 0; i--) weights.Add(reader.ReadSingle());
        return new(env, options with { Profile = new(name, profileFactor, first, [.. weights]) });
    }
}

/// <summary>What a schema and the options say together.</summary>
/// <param name="Profile">Slice profile, with the factor.</param>
/// <param name="Starts">Start offsets, one row for each.</param>
/// <param name="Axis">Slice axis, if told.</param>
/// <param name="ThickImage">Column whose spacing tells the axis otherwise; null: there is none.</param>
/// <param name="DefaultAxis">Axis where the spacing does not tell.</param>
internal sealed record PseudoPlan(SliceProfile Profile, IReadOnlyList<int> Starts, SliceAxis? Axis, string? ThickImage, SliceAxis? DefaultAxis)
{
    public static PseudoPlan Of(PseudoDataOptions options, DataViewSchema schema)
    {
        foreach (string column in (string[])[options.HrImageColumnName, options.HrLabelColumnName, options.UncertaintyColumnName]) schema.RequireVolume(column);
        var teacher = TeacherAnnotation.Of(schema[options.HrImageColumnName]);
        int factor = options.Factor ?? options.Profile?.Factor ?? teacher?.Model.Info.Factor
            ?? throw new ArgumentException($"The factor is not known: column '{options.HrImageColumnName}' does not come from SelfSuperResolution. Set Options.Factor.");
        if (options.Starts?.FirstOrDefault(s => s >= factor, -1) is >= 0 and var start) throw new ArgumentException($"Starts holds {start}, but the factor is {factor}; give offsets from 0 to {factor - 1}.");
        return new(options.Profile ?? (teacher?.Model.Info.Profile is { } trained && trained.Factor == factor ? trained : SliceProfile.Gaussian(factor)), options.Starts ?? [.. Enumerable.Range(0, factor)], options.Axis ?? teacher?.Axis,
            schema.GetColumnOrNull(options.ImageColumnName) is { Type: VolumeDataViewType } ? options.ImageColumnName : null, teacher?.Model.Info.DefaultSliceAxis);
    }

    /// <summary>The axis to thicken along: told, else the thick image's, else the model's default, else the thin volume's own.</summary>
    public SliceAxis AxisOf(MLVolume? thick, MLVolume thin)
        => Axis ?? thick?.Geometry.DetectSliceAxis() ?? DefaultAxis ?? thin.Geometry.DetectSliceAxis()
            ?? throw new InvalidOperationException($"The slice axis of {thin.Geometry} is not known. Set Options.Axis, or keep the thick image's column.");
}
