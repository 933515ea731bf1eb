using BenchmarkDotNet.Attributes;
using REHRSeg.Imaging;
using REHRSeg.Onnx;
using TorchSharp;

namespace REHRSeg.Benchmarks;

/// <summary>
/// Both label maps of a 16 x 64 x 64 volume by sliding window, without mirroring: the Torch network against its exported ONNX file in each precision, with the same number of threads.
/// </summary>
public class InferenceBenchmarks
{
    static readonly SegmentationRequest Request = new() { Mirror = false, Axis = SliceAxis.Z };
    readonly RehrSegModel _torch;
    readonly OnnxVolumeScorer[] _onnx;
    readonly MLVolume _image;

    /// <summary>Makes the models and the volume.</summary>
    public InferenceBenchmarks()
    {
        _torch = new(new SegmentationNetwork(BenchmarkCases.Segmenter, seed: 1), BenchmarkCases.Info, torch.CPU);
        _onnx = [.. Enum.GetValues<OnnxPrecision>().Select(precision =>
        {
            using var file = new MemoryStream();
            _torch.ExportOnnx(file, precision);
            return new OnnxVolumeScorer(file.ToArray(), $"{precision}, {file.Length} bytes", new() { Threads = TorchRuntime.Threads });
        })];
        var random = new Random(1);
        var geometry = new VolumeGeometry([64, 64, 16], [1, 1, 4]);
        _image = new(geometry, Enumerable.Range(0, geometry.VoxelCount).Select(_ => random.NextSingle()).ToArray());
    }

    /// <summary><see cref="RehrSegModel"/>.</summary>
    [Benchmark(Baseline = true)]
    public object Torch() => _torch.Predict(_image, Request);

    /// <summary><see cref="OnnxVolumeScorer"/>.</summary>
    [Benchmark]
    [Arguments(OnnxPrecision.Float32)]
    [Arguments(OnnxPrecision.Float16)]
    [Arguments(OnnxPrecision.Int8)]
    [Arguments(OnnxPrecision.Int8Dynamic)]
    public object Onnx(OnnxPrecision precision) => _onnx[(int)precision].Score(_image, Request);
}
