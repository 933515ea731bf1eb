using System.Text.RegularExpressions;
using REHRSeg.Imaging;

namespace REHRSeg;

/// <summary>
/// Finds films in a folder: Vimeo-90K's septuplets (<c>sequences/00001/0001/im1.png</c> to <c>im7.png</c>; with <c>sep_trainlist.txt</c> those named there,
/// and those of <c>sep_testlist.txt</c> for validation), or numbered frames, where every folder that holds PNG or JPEG files is a film. Reads headers only.
/// </summary>
internal static partial class FrameFolder
{
    const string Sequences = "sequences", TrainList = "sep_trainlist.txt", TestList = "sep_testlist.txt";
    const int Depth = 16;

    /// <summary>Lists and checks all films.</summary>
    /// <exception cref="DatasetException">See <see cref="FramePretrainer.TrainOnFrames"/>.</exception>
    public static FrameSource Open(string directory, FramePretrainingOptions options, TrainingContext context)
    {
        string root = Path.TrimEndingDirectorySeparator(Path.GetFullPath(directory));
        if (!Directory.Exists(root)) throw new DatasetException($"{directory}: there is no such folder of frames; check the path.");
        var cache = new FrameCache(options.CacheMegabytes * 1_000_000L);
        bool vimeo = Directory.Exists(Path.Combine(root, Sequences));
        ImageVideo[] videos = [.. vimeo ? Septuplets(root, TrainList, cache) ?? AllSeptuplets(root, cache) : Numbered(root, cache, context)];
        ImageVideo[]? test = vimeo && File.Exists(Path.Combine(root, TrainList)) ? Septuplets(root, TestList, cache) : null;
        if (videos.Length == 0) throw new DatasetException($"{directory} holds no PNG or JPEG frames, neither in it nor in its folders. Give a folder of numbered frames, a folder of such folders, or Vimeo-90K's folder.");
        int done = 0;
        foreach (var video in videos.Concat(test ?? []))
        {
            context.CancellationToken.ThrowIfCancellationRequested();
            video.Check(options.Clip, options.PatchSize);
            if (++done % 10_000 == 0) context.Log($"{done} films checked.");
        }
        return FrameSource.Create(videos, test, videos.Concat(test ?? []).Select(v => FormattableString.Invariant($"{v.Bytes}")), options);
    }

    /// <summary>The films that a list names, or null if there is no such list.</summary>
    static ImageVideo[]? Septuplets(string root, string list, FrameCache cache)
    {
        string file = Path.Combine(root, list);
        if (!File.Exists(file)) return null;
        string[] names = [.. File.ReadLines(file).Select(line => line.Trim()).Where(line => line.Length > 0).Distinct(StringComparer.Ordinal)];
        return [.. names.Select(name => Directory.Exists(Path.Combine(root, Sequences, name)) ? Septuplet(root, name, cache) : throw new DatasetException($"{file} names {name}, but there is no folder {Path.Combine(root, Sequences, name)}. Restore it, or remove the line."))];
    }

    static IEnumerable<ImageVideo> AllSeptuplets(string root, FrameCache cache)
    {
        string folder = Path.Combine(root, Sequences);
        return Directory.EnumerateDirectories(folder).SelectMany(Directory.EnumerateDirectories).Select(clip => Path.GetRelativePath(folder, clip).Replace('\\', '/')).Order(StringComparer.Ordinal).Select(name => Septuplet(root, name, cache));
    }

    static ImageVideo Septuplet(string root, string name, FrameCache cache)
    {
        string folder = Path.Combine(root, Sequences, name);
        string ending = FrameImage.Endings.FirstOrDefault(e => File.Exists(Path.Combine(folder, "im1" + e))) ?? FrameImage.Endings[0];
        return new(name, folder, [.. Enumerable.Range(1, 7).Select(i => $"im{i}{ending}")], cache);
    }

    static IEnumerable<ImageVideo> Numbered(string root, FrameCache cache, TrainingContext context)
    {
        var below = Directory.EnumerateDirectories(root, "*", new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = Depth }).Order(StringComparer.Ordinal);
        foreach (string folder in below.Prepend(root))
        {
            string[] files = [.. Directory.EnumerateFiles(folder).Select(f => Path.GetFileName(f)).Where(FrameImage.IsFrame).OrderBy(NumericKey, StringComparer.Ordinal).ThenBy(f => f, StringComparer.Ordinal)];
            if (files.Length == 0) continue;
            for (int i = 1; i < files.Length; i++)
                if (NumericKey(files[i]) == NumericKey(files[i - 1])) throw new DatasetException($"{folder} holds {files[i - 1]} and {files[i]}, which are the same frame. Remove one.");
            WarnOfGaps(folder, files, context);
            yield return new(folder == root ? Path.GetFileName(root) : Path.GetRelativePath(root, folder).Replace('\\', '/'), folder, files, cache);
        }
    }

    static void WarnOfGaps(string folder, string[] files, TrainingContext context)
    {
        var numbers = new long[files.Length];
        for (int i = 0; i < files.Length; i++)
            if (Digits().Matches(Path.GetFileNameWithoutExtension(files[i])) is not [.., var last] || !long.TryParse(last.ValueSpan, out numbers[i])) return;
        for (int i = 2; i < numbers.Length; i++)
            if (numbers[i] - numbers[i - 1] != numbers[1] - numbers[0])
            {
                context.Warn($"{folder}: the frames' numbers are not evenly spaced ({files[i - 2]}, {files[i - 1]}, {files[i]}); they are taken as consecutive.");
                return;
            }
    }

    /// <summary>Orders names by the numbers in them: frame2 before frame10.</summary>
    static string NumericKey(string file) => Digits().Replace(Path.GetFileNameWithoutExtension(file), m => m.Value.TrimStart('0').PadLeft(20, '0'));

    [GeneratedRegex("[0-9]+")]
    private static partial Regex Digits();
}
