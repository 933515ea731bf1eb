using Microsoft.ML;
using Microsoft.ML.Data;
using REHRSeg.Imaging;

namespace Intro;

/// <summary>Plugs another file format in: NumPy archives (<see cref="NumpyVolumeFormat"/>). Once registered, files, folders, pipelines and scorers take it like NIfTI.</summary>
static class IntroVolumeFormat
{
    public static void Main(string[] args)
    {
        if (args is not [var model, var image, var output]) throw new ArgumentException("VolumeFormat segmentation.onnx IMAGE.npz OUT.npz");
        VolumeFile.Register(new NumpyVolumeFormat());                                                 // for the whole process

        var ml = new MLContext();
        var files = ml.Data.LoadFromEnumerable(new[] { new { Path = image } });
        using var fitted = ml.Transforms.LoadVolumes("Image", "Path").Append(ml.Transforms.ScoreVolumes(model)).Fit(files);
        var labels = fitted.Transform(files).GetColumn<MLVolume>("HrSegmentation").Single();

        VolumeFile.WriteLabels(labels, output);                                                       // np.load(OUT)["voxels"]
        Console.WriteLine($"{VolumeFile.ReadGeometry(image)} -> {labels.Geometry}");
    }
}
