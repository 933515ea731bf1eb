using System.Globalization;
using REHRSeg.Imaging;

namespace REHRSeg.Tool;

/// <summary>The dataset behind a report.</summary>
internal static class ReportDataset
{
    /// <param name="given">By <c>--dataset</c>, or null.</param>
    /// <param name="remembered">What <paramref name="source"/> says.</param>
    /// <param name="source">File that names the dataset.</param>
    /// <exception cref="DatasetException">It is not there, or has no labels.</exception>
    public static MedicalDataset Open(string? given, string remembered, string source)
    {
        string folder = given ?? remembered;
        if (!Directory.Exists(folder))
            throw new DatasetException(given is null ? $"{source} names the dataset {remembered}, which is not there. If it was moved, give its place with --dataset." : $"--dataset {given}: there is no such folder.");
        var dataset = CaseFiles.Dataset(folder);
        return dataset.HasLabels ? dataset : throw new DatasetException($"{(given is null ? $"The dataset {folder}" : $"--dataset {given}")} has no label maps, so there is nothing to show predictions against. Give one with labelsTr.");
    }

    /// <summary>A case's images and truth, and what self-SR made of it in <paramref name="thin"/> (images/, uncertainty/), if anything.</summary>
    /// <exception cref="DatasetException">The dataset has no such case.</exception>
    public static ReportCase ToCase(RankedCase ranked, MedicalDataset dataset, string? thin)
    {
        var item = dataset.Cases.FirstOrDefault(c => c.Id == ranked.Id)
            ?? throw new DatasetException($"{dataset.Directory} has no case {ranked.Id}, which was scored. Give the dataset that the results were made from with --dataset.");
        string truth = Path.Combine(dataset.Directory, "hr");
        var resolved = thin is null ? null : Volume(Path.Combine(thin, "images"), ranked.Id + "_0000") ?? Volume(Path.Combine(thin, "images"), ranked.Id);
        var real = Volume(Path.Combine(truth, "imagesTr"), ranked.Id + "_0000") ?? Volume(Path.Combine(truth, "imagesTr"), ranked.Id);
        return new(ranked.Id, ranked.Fold < 0 ? null : ranked.Fold, ranked.Rank, ranked.Score, ranked.Measure)
        {
            LrImage = () => item.ReadImage(), LrTruth = () => item.ReadLabel(dataset.Labels),
            HrTruth = Volume(Path.Combine(truth, "labelsTr"), ranked.Id),
            HrImage = resolved is not null ? ("self-SR image", resolved) : real is not null ? ("thin image (truth)", real) : null,
            Uncertainty = thin is null ? null : Volume(Path.Combine(thin, "uncertainty"), ranked.Id),
        };
    }

    /// <summary>A volume of a folder by name, whatever its format; null: there is none.</summary>
    public static Func<MLVolume>? Volume(string folder, string name)
    {
        string plain = Path.Combine(folder, name + ".nii.gz");
        string? file = File.Exists(plain) ? plain : Directory.Exists(folder) ? CaseFiles.Volumes(folder).GetValueOrDefault(name) : null;
        return file is null ? null : () => VolumeFile.Read(file);
    }

    public static string Duration(double seconds) =>
        seconds >= 3600 ? string.Create(CultureInfo.InvariantCulture, $"{(long)seconds / 3600} h {(long)seconds / 60 % 60:00} min") : seconds >= 60 ? string.Create(CultureInfo.InvariantCulture, $"{(long)seconds / 60} min {(long)seconds % 60:00} s") : string.Create(CultureInfo.InvariantCulture, $"{seconds:0.#} s");
}
