using REHRSeg.Imaging;

namespace REHRSeg.Onnx;

/// <summary>One network of an ensemble.</summary>
/// <param name="Model">The network; the caller disposes it.</param>
/// <param name="Info">What it was trained on.</param>
/// <param name="Name">Its file or folder, for messages.</param>
public sealed record EnsembleMember(IPatchModel Model, SegmentationModelInfo Info, string Name)
{
    /// <summary>Throws unless the members' probabilities can be averaged: equal label values in the same order, equal factor and channels. Patch, spacing and input may differ.</summary>
    /// <exception cref="ArgumentException">No member, one of fewer than two classes, or names two members and the difference.</exception>
    public static void RequireFit(IReadOnlyList<EnsembleMember> members)
    {
        ArgumentNullException.ThrowIfNull(members);
        if (members.Count == 0) throw new ArgumentException("An ensemble needs at least one model.", nameof(members));
        if (members.FirstOrDefault(m => m.Info.Labels.Length < 2) is { } single) throw new ArgumentException($"{single.Name} has {single.Info.Labels.Length} class(es); a segmentation needs a background and at least one label.", nameof(members));
        var (first, name) = (members[0].Info, members[0].Name);
        foreach (var member in members.Skip(1))
        {
            var info = member.Info;
            string? difference =
                !first.Labels.Select(l => l.Value).SequenceEqual(info.Labels.Select(l => l.Value)) ? $"labels {Values(first)} against {Values(info)}"
                : first.Factor != info.Factor ? $"factor {first.Factor} against {info.Factor}"
                : first.Channels != info.Channels ? $"{first.Channels} image channel(s) against {info.Channels}"
                : null;
            if (difference is not null)
                throw new ArgumentException($"{name} and {member.Name} do not make an ensemble: {difference}. Give models of the same labels, factor and channels.", nameof(members));
        }
        static string Values(SegmentationModelInfo info) => string.Join(", ", info.Labels.Select(l => $"{l.Value} ({l.Name})"));
    }

    /// <summary>Post-processing that every member has chosen, in the first one's order.</summary>
    internal static IEnumerable<LargestComponentRule> CommonRules(IReadOnlyList<EnsembleMember> members) =>
        members[0].Info.PostProcessing.Where(rule => members.All(m => m.Info.PostProcessing.Contains(rule)));

    /// <summary>Temperature that every member has; null: none, or they differ.</summary>
    internal static double? CommonTemperature(IReadOnlyList<EnsembleMember> members, Func<SegmentationModelInfo, double?> of) =>
        of(members[0].Info) is { } first && members.All(m => of(m.Info) == first) ? first : null;
}
