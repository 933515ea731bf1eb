// A program without the natives of ONNX Runtime. load FILE: what the scorer says then. peak SLICES SIDE: estimate and real peak, in bytes, of a volume's working memory with a network that does nothing.
using System.Globalization;
using REHRSeg.Imaging;
using REHRSeg.Onnx;
using REHRSeg.Probes;

if (args[0] == "load")
{
    try
    {
        new OnnxVolumeScorer(args[1]).Dispose();
    }
    catch (InvalidOperationException e)
    {
        Console.WriteLine(e.Message);
    }
    return;
}
int slices = int.Parse(args[1], CultureInfo.InvariantCulture), side = int.Parse(args[2], CultureInfo.InvariantCulture);
var info = new SegmentationModelInfo
{
    Factor = 4, Patch = new(8, 96, 96), Divisor = new(4, 16, 16), TargetSpacing = [4, 1, 1], Labels = [new(0, "background"), new(1, "a"), new(2, "b")],
};
var geometry = new VolumeGeometry([slices, side, side], [4, 1, 1]);
var random = new Random(1);
var image = new MLVolume(geometry, Enumerable.Range(0, geometry.VoxelCount).Select(_ => random.NextSingle()).ToArray());
var request = new SegmentationRequest { Mirror = false, Probabilities = args.Contains("probabilities") };
using var network = new NoNetwork();
VolumeSegmenter.Segment(new(new([8, 8, 8], [4, 1, 1]), new float[512]), network, info, request); // what the runtime itself needs for code
long estimate = SegmentationMemory.Estimate(geometry, 1, [new(network, info, "nothing")], request, (_, _, _) => 0);
Console.WriteLine(FormattableString.Invariant($"{estimate} {ProcessMemory.Taken(() => VolumeSegmenter.Segment(image, network, info, request))}"));

sealed class NoNetwork : IPatchModel
{
    public void Run(ReadOnlyMemory<float> patches, int batch, PatchShape shape, Memory<float> lr, Memory<float> hr, CancellationToken cancellationToken) { }
    public void Dispose() { }
}
