using System.CommandLine;
using REHRSeg.Imaging;
using REHRSeg.Onnx;

namespace REHRSeg.Tool;

/// <summary><c>rehrseg superresolve</c>: thin images, labels and uncertainty from annotated thick cases.</summary>
internal static class SuperResolveVerb
{
    public static Command Create()
    {
        var model = CommonOptions.Path("--model", "Run folder of 'rehrseg train', selfsr.onnx, smore.safetensors, or a baseline: spline (cubic spline, morphological labels), spline-sdf (signed-distance labels) or nearest.");
        var input = CommonOptions.Path("--input", "Dataset folder, folder of volumes, or one volume.");
        var labels = CommonOptions.Path("--labels", "Folder of label maps, or one; default: those of the dataset.", required: false);
        var outDir = CommonOptions.Path("--out", "Folder for images/, labels/ and uncertainty/.");
        var only = CommonOptions.Path("--cases", "Comma-separated case ids, or splits.json:K for the validation cases of fold K.", required: false);
        var factor = CommonOptions.Factor("Thin slices per thick slice, for --model spline, spline-sdf or nearest.");
        var tta = new Option<bool>("--tta") { Description = "The same as --ensemble mirror." };
        var ensemble = new Option<string?>("--ensemble") { Description = "Views of each window to average over: none, mirror (8 mirror images: 8 times slower, slightly more accurate) or full (16, those with rows and columns exchanged too). Default: as the model was trained to." };
        ensemble.AcceptOnlyFromAmong("none", "mirror", "full");
        var tile = new Option<int?>("--tile") { Description = $"Side of the largest slice that is computed at once, in voxels, at least 128; larger slices go in overlapping tiles, slower but in less memory. Default: {SuperResolutionRequest.DefaultTileSide}." };
        tile.Validators.Add(r => { if (r.GetValueOrDefault<int?>() is < 128 or > 16384) r.AddError("--tile must be from 128 to 16384."); });
        var consistency = new Option<string?>("--consistency") { Description = "What is made to agree with the thick slices: none, labels, image or both. Default: as the model was trained to; none for spline and nearest (image: for a Gaussian slice profile)." };
        consistency.AcceptOnlyFromAmong("none", "labels", "image", "both");
        var axis = CommonOptions.Axis();
        var command = new Command("superresolve", "Turn annotated thick volumes into thin ones.") { model, input, labels, outDir, only, factor, axis, tta, ensemble, tile, consistency };
        command.OnRun((parse, console, cancel) =>
        {
            var cases = CaseSelection.Apply(CaseFiles.Find(parse.GetRequiredValue(input), parse.GetValue(labels)), parse.GetValue(only));
            if (parse.GetValue(tta) && parse.GetValue(ensemble) is not (null or "mirror")) throw new UsageException("--tta means --ensemble mirror: give one of them.");
            using var resolver = SuperResolver.Open(parse.GetRequiredValue(model), parse.GetValue(factor), new()
            {
                Ensemble = parse.GetValue(tta) ? WindowEnsemble.Mirror : parse.GetValue(ensemble) is { } e ? Enum.Parse<WindowEnsemble>(e, ignoreCase: true) : null,
                TileVoxels = parse.GetValue(tile) is { } side ? side * side : null,
                Consistency = parse.GetValue(consistency) is { } c ? Enum.Parse<SliceConsistency>(c, ignoreCase: true) : null,
            });
            return Run(console, resolver, cases, parse.GetRequiredValue(outDir), CommonOptions.ParseAxis(parse.GetValue(axis)), cancel);
        });
        return command;
    }

    public static int Run(ToolConsole console, SuperResolver resolver, IReadOnlyList<MedicalCase> cases, string outDir, SliceAxis? axis, CancellationToken cancel)
    {
        if (!resolver.LearntLabels) console.Warn("The model was trained without labels: only images and their uncertainty are written.");
        else if (cases.Any(c => c.LabelFile is null)) console.Warn("Some cases have no label map: they are super-resolved as if all were background, and only their images are written. Give --labels.");
        int code = Batch.ForEach(console, "superresolve", cases, c =>
        {
            var image = c.ReadImage();
            var label = resolver.LearntLabels && c.LabelFile is { } file
                ? resolver.Labels is { } known ? c.ReadLabel(known) : VolumeFile.Read(file)
                : new MLVolume(image.Geometry, new float[image.Geometry.VoxelCount]);
            image.RequireSameGrid(label, c.ImageFiles[0], c.LabelFile ?? "");
            var thin = resolver.Apply(image, label, axis, cancel);
            CaseFiles.WriteChannels(thin.Image, Path.Combine(outDir, "images"), c.Id);
            if (resolver.LearntLabels && c.LabelFile is not null) VolumeFile.WriteLabels(thin.Label, Path.Combine(outDir, "labels", c.Id + ".nii.gz"));
            if (resolver.HasUncertainty) VolumeFile.Write(thin.Uncertainty, Path.Combine(outDir, "uncertainty", c.Id + ".nii.gz"));
        }, cancel);
        console.Result(new { cases = cases.Count, outDir });
        return code;
    }
}
