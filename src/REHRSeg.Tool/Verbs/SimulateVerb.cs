using System.CommandLine;
using REHRSeg.Imaging;

namespace REHRSeg.Tool;

/// <summary><c>rehrseg simulate</c>: thick slices and the thin truth on the exact refined grid from a thin dataset.</summary>
internal static class SimulateVerb
{
    public static Command Create()
    {
        var dataset = CommonOptions.Path("--dataset", "Thin-slice dataset (Decathlon or nnU-Net v2 layout).");
        var outDir = CommonOptions.Path("--out", "Folder for the thick nnU-Net dataset; OUT/hr holds the thin truth.");
        var factor = CommonOptions.Factor("Thin slices per thick slice, at least 2.");
        factor.Required = true;
        var axis = CommonOptions.Axis();
        var profile = new Option<string>("--profile") { Description = "Slice profile: gaussian (FWHM = factor) or slr (published code).", DefaultValueFactory = _ => "gaussian" };
        profile.AcceptOnlyFromAmong("gaussian", "slr");
        var thickness = CommonOptions.SliceThickness();
        var start = new Option<int>("--start") { Description = "First thin slice of the first block, 0 to factor - 1." };
        var command = new Command("simulate", "Make thick slices (and keep the thin truth) from a thin-slice dataset.") { dataset, outDir, factor, axis, profile, thickness, start };
        command.OnRun((parse, console, cancel) =>
        {
            int r = parse.GetRequiredValue(factor)!.Value, s = parse.GetValue(start);
            if (s < 0 || s >= r) throw new UsageException($"--start is {s}; it must be 0 to {r - 1}.");
            var shape = parse.GetValue(profile) == "slr" ? SliceProfile.Slr(r) : SliceProfile.Gaussian(r);
            if (parse.GetValue(thickness) is not null && shape.Name == "slr") throw new UsageException("--slice-thickness belongs to --profile gaussian.");
            return Run(console, CaseFiles.Dataset(parse.GetRequiredValue(dataset)), parse.GetRequiredValue(outDir), shape, CommonOptions.ParseAxis(parse.GetValue(axis)), s, cancel, parse.GetValue(thickness));
        });
        return command;
    }

    public static int Run(ToolConsole console, MedicalDataset dataset, string outDir, SliceProfile profile, SliceAxis? axis, int start, CancellationToken cancel, double? thickness = null)
    {
        string thin = Path.Combine(outDir, "hr");
        if (dataset.Directory == Path.TrimEndingDirectorySeparator(Path.GetFullPath(outDir)) || dataset.Directory == Path.GetFullPath(thin))
            throw new UsageException($"--out {outDir} would overwrite --dataset {dataset.Directory}; choose another folder.");
        int written = 0;
        int code = Batch.ForEach(console, "simulate", dataset.Cases, c =>
        {
            var image = c.ReadImage();
            var label = dataset.HasLabels ? c.ReadLabel(dataset.Labels) : null;
            if (label is not null) image.RequireSameGrid(label, c.ImageFiles[0], c.LabelFile!);
            var along = axis ?? image.Geometry.DetectSliceAxis() ?? SliceAxis.Z;
            var shape = thickness is { } mm ? SliceProfile.ForThickness(profile.Factor, mm, profile.Factor * image.Geometry.Spacing[(int)along]) : profile;
            WriteImage(ThickSliceSimulator.Image(image, along, shape, start), outDir, c.Id);
            WriteImage(ThickSliceSimulator.ThinTruth(image, along, profile.Factor, start), thin, c.Id);
            if (label is not null)
            {
                WriteLabel(ThickSliceSimulator.Label(label, along, profile.Factor, start), outDir, c.Id);
                WriteLabel(ThickSliceSimulator.ThinTruth(label, along, profile.Factor, start), thin, c.Id);
            }
            written++;
        }, cancel);
        if (written > 0)
        {
            MedicalDataset.WriteDescription(outDir, dataset.Name, dataset.Labels, dataset.ChannelNames, written);
            MedicalDataset.WriteDescription(thin, dataset.Name + " (thin truth)", dataset.Labels, dataset.ChannelNames, written);
        }
        console.Result(new { cases = dataset.Cases.Count, written, outDir });
        return code;
    }

    public static void WriteImage(MLVolume image, string dataset, string id) => CaseFiles.WriteChannels(image, Path.Combine(dataset, "imagesTr"), id);

    public static void WriteLabel(MLVolume label, string dataset, string id) => VolumeFile.WriteLabels(label, Path.Combine(dataset, "labelsTr", $"{id}.nii.gz"));
}
