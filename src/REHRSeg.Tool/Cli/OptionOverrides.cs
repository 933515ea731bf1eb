using System.Globalization;
using System.Reflection;

namespace REHRSeg.Tool;

/// <summary>Applies <c>stage.option=value</c> to a preset; stage is selfsr, smore, segmentation or frames, option any scalar property of its options record.</summary>
internal static class OptionOverrides
{
    /// <summary>Applies <c>--set</c> to training: every stage but frames.</summary>
    public static TrainingPreset Apply(TrainingPreset preset, IEnumerable<string> settings)
    {
        var copy = Copy(preset);
        foreach (string setting in settings) Assign("--set", setting, "selfsr.width=32", Stages(copy, null));
        Validate("--set", copy, null);
        return copy;
    }

    /// <summary>Applies <c>--set frames.option=value</c>.</summary>
    public static FramePretrainingOptions Apply(FramePretrainingOptions options, IEnumerable<string> settings)
    {
        var frames = options with { };
        foreach (string setting in settings) Assign("--set", setting, "frames.outputs=3", Stages(null, frames));
        Validate(null, null, frames);
        return frames;
    }

    /// <summary>Applies settings of all stages, later ones over earlier ones, and checks the result.</summary>
    /// <param name="preset">Both stages.</param>
    /// <param name="frames">Frame pretraining.</param>
    /// <param name="settings"><c>stage.option=value</c>, and where it was written: <c>--set</c>, or a place in a grid file.</param>
    /// <param name="whole">Names the combination in errors of values that are out of range.</param>
    public static (TrainingPreset Preset, FramePretrainingOptions Frames) Apply(TrainingPreset preset, FramePretrainingOptions frames, IEnumerable<(string Source, string Setting)> settings, string whole)
    {
        var (copy, framesCopy) = (Copy(preset), frames with { });
        foreach (var (source, setting) in settings) Assign(source, setting, "selfsr.width=32", Stages(copy, framesCopy));
        Validate(whole, copy, framesCopy);
        return (copy, framesCopy);
    }

    /// <summary>Refuses a setting whose stage or option there is not, or whose value is of another type.</summary>
    public static void Check(string source, string setting) => Assign(source, setting, "selfsr.width=32", Stages(Copy(TrainingPreset.Tiny), new()));

    static TrainingPreset Copy(TrainingPreset preset) => preset with { SelfSr = preset.SelfSr with { Smore = preset.SelfSr.Smore with { } }, Segmentation = preset.Segmentation with { } };

    static Dictionary<string, object> Stages(TrainingPreset? preset, FramePretrainingOptions? frames)
    {
        var stages = new Dictionary<string, object>(StringComparer.OrdinalIgnoreCase);
        if (preset is not null) (stages["selfsr"], stages["smore"], stages["segmentation"]) = (preset.SelfSr, preset.SelfSr.Smore, preset.Segmentation);
        if (frames is not null) stages["frames"] = frames;
        return stages;
    }

    static void Validate(string? source, TrainingPreset? preset, FramePretrainingOptions? frames)
    {
        try
        {
            preset?.SelfSr.Validate();
            preset?.Segmentation.Validate();
            frames?.Validate();
        }
        catch (ArgumentException e)
        {
            throw new UsageException(source is null ? CommandLine.Describe(e) : $"{source}: {CommandLine.Describe(e)}");
        }
    }

    static void Assign(string source, string setting, string example, Dictionary<string, object> stages)
    {
        int equals = setting.IndexOf('='), dot = setting.IndexOf('.');
        if (dot < 1 || equals < dot) throw new UsageException($"{source} {setting}: write stage.option=value, for example {example}.");
        string stage = setting[..dot], name = setting[(dot + 1)..equals], value = setting[(equals + 1)..];
        if (!stages.TryGetValue(stage, out object? target)) throw new UsageException($"{source} {setting}: '{stage}' is not a stage; use {Alternatives([.. stages.Keys])}.");
        var property = Settable(target.GetType()).FirstOrDefault(p => p.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
            ?? throw new UsageException($"{source} {setting}: {stage} has no option '{name}'. Options: {string.Join(", ", Settable(target.GetType()).Select(p => p.Name))}.");
        property.SetValue(target, Parse(property.PropertyType, value, $"{source} {setting}"));
    }

    static string Alternatives(string[] names) => names.Length == 1 ? names[0] : $"{string.Join(", ", names[..^1])} or {names[^1]}";

    /// <summary>The scalar options of a stage and their values, for the run's config.json.</summary>
    public static SortedDictionary<string, object?> Snapshot(object options)
    {
        var result = new SortedDictionary<string, object?>(StringComparer.Ordinal);
        foreach (var p in Settable(options.GetType())) result[p.Name] = p.GetValue(options) is Enum e ? e.ToString() : p.GetValue(options);
        return result;
    }

    /// <summary>Numbers, switches and modes that no other argument of the tool sets.</summary>
    static IEnumerable<PropertyInfo> Settable(Type type) =>
        type.GetProperties().Where(p => p.CanWrite && p.Name is not (nameof(TrainerOptions.Factor) or nameof(TrainerOptions.Axis) or nameof(TrainerOptions.Seed)
            or nameof(TrainerOptions.GpuDeviceId) or nameof(TrainerOptions.FallbackToCpu) or nameof(TrainerOptions.Resume)) && (Underlying(p.PropertyType) is { IsPrimitive: true } or { IsEnum: true })).OrderBy(p => p.Name, StringComparer.Ordinal);

    static Type Underlying(Type type) => Nullable.GetUnderlyingType(type) ?? type;

    static object? Parse(Type type, string text, string setting)
    {
        var plain = Underlying(type);
        if (text.Length == 0 && plain != type) return null;
        try
        {
            if (plain.IsEnum) return Enum.Parse(plain, text, ignoreCase: true);
            return plain == typeof(double) ? double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture) : Convert.ChangeType(text, plain, CultureInfo.InvariantCulture); // "0,5" is not 5
        }
        catch (Exception e) when (e is FormatException or ArgumentException or OverflowException or InvalidCastException)
        {
            throw new UsageException($"{setting}: '{text}' is not a {plain.Name}{(plain.IsEnum ? " (" + string.Join(", ", Enum.GetNames(plain)) + ")" : "")}.");
        }
    }
}
