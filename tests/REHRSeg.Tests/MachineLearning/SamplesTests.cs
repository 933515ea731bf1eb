using Microsoft.ML;
using Microsoft.ML.Data;
using REHRSeg.Imaging;
using REHRSeg.Onnx;

namespace REHRSeg.Tests;

public sealed class SamplesTests : IDisposable
{
    readonly string _folder = Directory.CreateTempSubdirectory("rehrseg-samples-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Quickstart_runs()
    {
        string dataset = Path.Combine(_folder, "dataset"), image = Path.Combine(dataset, "imagesTr", "case1_0000.nii.gz"), output = Path.Combine(_folder, "out");
        TinyPhantoms.WriteDataset(dataset, 2);
        Programs.Run(Programs.Quickstart, dataset, image, output, "tiny");
        Assert.True(File.Exists(Path.Combine(output, "model.zip")));
        Assert.True(VolumeFile.ReadGeometry(Path.Combine(output, "lr.nii.gz")).IsSameGrid(VolumeFile.ReadGeometry(image)));
        Assert.Equal(24, VolumeFile.ReadGeometry(Path.Combine(output, "hr.nii.gz")).Depth);
    }

    [Fact]
    public void CrossValidation_scores_each_fold()
    {
        string dataset = Path.Combine(_folder, "dataset");
        TinyPhantoms.WriteDataset(dataset, 4);
        string output = Programs.Run(Programs.IntroTraining, "CrossValidation", dataset, "2", "tiny", "NnUNet");
        Assert.Matches(@"^fold 0: DSC [01]\.\d{3}, HD95 .* mm\s+fold 1: DSC [01]\.\d{3}, HD95 .* mm\s*$", output);
    }

    [Fact]
    public async Task TrainPipeline_stops_on_Ctrl_C_goes_on_and_scores_the_held_out_fold()
    {
        string dataset = Path.Combine(_folder, "dataset"), output = Path.Combine(_folder, "run");
        TinyPhantoms.WriteDataset(dataset, 5);
        if (Programs.CanInterrupt)
        {
            using var process = Programs.Start(Programs.IntroTraining, "TrainPipeline", dataset, output, "tiny");
            var error = process.StandardError.ReadToEndAsync();
            string? line;
            do line = process.StandardOutput.ReadLine();
            while (line is not null && !line.StartsWith("nnunet "));
            Assert.Matches(@"^nnunet \d+/16, 0\.00:\d\d:\d\d left: .*loss \d+\.\d{3}", line);
            Programs.Interrupt(process);
            process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            Assert.Equal(130, process.ExitCode);
            Assert.Contains("Stopped; the same command goes on", await error);
            Assert.False(File.Exists(Path.Combine(output, "model.zip")));
        }
        string trained = Programs.Run(Programs.IntroTraining, "TrainPipeline", dataset, output, "tiny");
        if (Programs.CanInterrupt) Assert.Matches(@"self-sr 1a 12/12, 0\.00:00:00 left: \s", trained);    // taken from its checkpoint, so nothing was measured
        Assert.Matches(@"case\d, ball: DSC [01]\.\d{3}, HD95 .* mm\s+held out: DSC [01]\.\d{3}, HD95 .* mm\s*$", trained);
        using var scorer = new OnnxVolumeScorer(Path.Combine(output, "segmentation.onnx"));
        using var model = (IDisposable)new MLContext().Model.Load(Path.Combine(output, "model.zip"), out _);
        var row = TinyPhantoms.Case(60);
        var view = ((ITransformer)model).Transform(new MLContext().Data.LoadFromEnumerable(new[] { row }));
        Assert.Equal(view.GetColumn<MLVolume>("HrSegmentation").Single().Geometry, scorer.Score(row.Image!).Hr!.Geometry);
    }
}
