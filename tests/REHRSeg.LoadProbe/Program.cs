// A program that has only the packages: loads a saved model without registering anything, names its members, segments a volume.
using Microsoft.ML;
using REHRSeg.Imaging;
using REHRSeg.LoadProbe;

var (model, image, lr, hr) = (args[0], args[1], args[2], args[3]);
var ml = new MLContext();
var loaded = ml.Model.Load(model, out _);
foreach (var member in loaded as IEnumerable<ITransformer> ?? [loaded]) Console.WriteLine(member.GetType().FullName);
using var engine = ml.Model.CreatePredictionEngine<Input, Output>(loaded);
var output = engine.Predict(new() { Image = VolumeFile.Read(image) });
VolumeFile.Write(output.LrSegmentation!, lr);
VolumeFile.Write(output.HrSegmentation!, hr);

namespace REHRSeg.LoadProbe
{
    sealed class Input
    {
        [VolumeType] public MLVolume? Image { get; set; }
    }

    sealed class Output
    {
        [VolumeType] public MLVolume? LrSegmentation { get; set; }
        [VolumeType] public MLVolume? HrSegmentation { get; set; }
    }
}
