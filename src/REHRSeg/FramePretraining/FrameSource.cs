using System.Security.Cryptography;
using System.Text;

namespace REHRSeg;

/// <summary>The films of a training.</summary>
/// <param name="Training">To learn from.</param>
/// <param name="Validation">To measure on: other films, or another part of the one film, or (<see cref="HeldOut"/> false) the training films.</param>
/// <param name="HeldOut">True if no validation frame is trained on.</param>
/// <param name="Fingerprint">Hash that tells these films from others.</param>
internal sealed record FrameSource(IReadOnlyList<IFrameVideo> Training, IReadOnlyList<IFrameVideo> Validation, bool HeldOut, string Fingerprint)
{
    /// <summary>Holds out whole groups of films, chosen by the seed; of a single film its last part.</summary>
    /// <param name="videos">Each of at least one clip.</param>
    /// <param name="test">Films that are given for validation; null: they are chosen here.</param>
    /// <param name="content">Beyond names and sizes, what tells the films from others.</param>
    /// <param name="options">Share, seed, clip.</param>
    public static FrameSource Create(IReadOnlyList<IFrameVideo> videos, IReadOnlyList<IFrameVideo>? test, IEnumerable<string> content, FramePretrainingOptions options)
    {
        var (clip, fingerprint) = (options.Clip, Hash([.. videos, .. test ?? []], content));
        if (test is { Count: > 0 }) return new(videos, test, true, fingerprint);
        if (options.HeldOut > 0 && videos.Count == 1 && videos[0].Frames >= 2 * clip.Length)
        {
            int tail = Math.Max(clip.Length, (int)Math.Round(options.HeldOut * videos[0].Frames)), head = videos[0].Frames - tail;
            return new([new VideoPart(videos[0], 0, head)], [new VideoPart(videos[0], head, tail)], true, fingerprint);
        }
        string[] groups = [.. videos.Select(v => v.Group).Distinct(StringComparer.Ordinal)];
        if (options.HeldOut == 0 || groups.Length < 2) return new(videos, videos, false, fingerprint);
        TrainingSeeds.Random(options.Seed, "frames held out").Shuffle(groups);
        var held = groups.Take(Math.Max(1, (int)Math.Round(options.HeldOut * groups.Length))).ToHashSet(StringComparer.Ordinal);
        return new([.. videos.Where(v => !held.Contains(v.Group))], [.. videos.Where(v => held.Contains(v.Group))], true, fingerprint);
    }

    static string Hash(IEnumerable<IFrameVideo> videos, IEnumerable<string> content)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (string text in videos.Select(v => FormattableString.Invariant($"{v.Name}: {v.Frames} x {v.Height} x {v.Width}")).Concat(content)) hash.AppendData(Encoding.UTF8.GetBytes(text + "\n"));
        return Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, 16));
    }
}
