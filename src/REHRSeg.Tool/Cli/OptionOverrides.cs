using System.Globalization;
using System.Reflection;

namespace REHRSeg.Tool;

/// <summary>Applies <c>--set stage.option=value</c> to a preset; stage is selfsr, smore or segmentation, option any scalar property of its options record.</summary>
internal static class OptionOverrides
{
    public static TrainingPreset Apply(TrainingPreset preset, IEnumerable<string> settings)
    {
        var (selfSr, segmentation) = (preset.SelfSr with { Smore = preset.SelfSr.Smore with { } }, preset.Segmentation with { });
        foreach (string setting in settings)
        {
            Assign(setting, "selfsr.width=32", stage => stage switch
            {
                "selfsr" => selfSr,
                "smore" => selfSr.Smore,
                "segmentation" => segmentation,
                _ => throw new UsageException($"--set {setting}: '{stage}' is not a stage; use selfsr, smore or segmentation."),
            });
        }
        try
        {
            selfSr.Validate();
            segmentation.Validate();
        }
        catch (ArgumentException e)
        {
            throw new UsageException($"--set: {CommandLine.Describe(e)}");
        }
        return preset with { SelfSr = selfSr, Segmentation = segmentation };
    }

    /// <summary>Applies <c>--set frames.option=value</c>.</summary>
    public static FramePretrainingOptions Apply(FramePretrainingOptions options, IEnumerable<string> settings)
    {
        var frames = options with { };
        foreach (string setting in settings)
            Assign(setting, "frames.outputs=3", stage => stage == "frames" ? frames : throw new UsageException($"--set {setting}: '{stage}' is not a stage; use frames."));
        try
        {
            frames.Validate();
        }
        catch (ArgumentException e)
        {
            throw new UsageException(CommandLine.Describe(e));
        }
        return frames;
    }

    static void Assign(string setting, string example, Func<string, object> stages)
    {
        int equals = setting.IndexOf('='), dot = setting.IndexOf('.');
        if (dot < 1 || equals < dot) throw new UsageException($"--set {setting}: write stage.option=value, for example {example}.");
        string stage = setting[..dot], name = setting[(dot + 1)..equals], value = setting[(equals + 1)..];
        object target = stages(stage.ToLowerInvariant());
        var property = Settable(target.GetType()).FirstOrDefault(p => p.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
            ?? throw new UsageException($"--set {setting}: {stage} has no option '{name}'. Options: {string.Join(", ", Settable(target.GetType()).Select(p => p.Name))}.");
        property.SetValue(target, Parse(property.PropertyType, value, setting));
    }

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
            return plain.IsEnum ? Enum.Parse(plain, text, ignoreCase: true) : Convert.ChangeType(text, plain, CultureInfo.InvariantCulture);
        }
        catch (Exception e) when (e is FormatException or ArgumentException or OverflowException or InvalidCastException)
        {
            throw new UsageException($"--set {setting}: '{text}' is not a {plain.Name}{(plain.IsEnum ? " (" + string.Join(", ", Enum.GetNames(plain)) + ")" : "")}.");
        }
    }
}
