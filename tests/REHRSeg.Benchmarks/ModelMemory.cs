using Microsoft.ML;
using REHRSeg.Imaging;
using REHRSeg.Onnx;

namespace REHRSeg.Benchmarks;

/// <summary>
/// Peak memory of saving and loading a model against its weights, in a process of its own. <c>--model-memory make FOLDER FEATURES MOST</c> writes <c>segmentation.onnx</c> and <c>torch.bin</c>;
/// then <c>--model-memory onnx|save-onnx|load-onnx|save-torch|load-torch FOLDER</c>, saves before loads.
/// </summary>
internal static class ModelMemory
{
    public static void Run(string[] args)
    {
        string folder = args[2], onnx = Path.Combine(folder, "segmentation.onnx"), torchFile = Path.Combine(folder, "torch.bin"), onnxZip = Path.Combine(folder, "onnx.zip"), torchZip = Path.Combine(folder, "torch.zip");
        if (args[1] == "make")
        {
            Directory.CreateDirectory(folder);
            using var model = BenchmarkModels.Segmenter(int.Parse(args[3]), new(12, 64, 64), int.Parse(args[4]));
            using (var file = File.Create(onnx)) model.ExportOnnx(file);
            using (var file = File.Create(torchFile)) model.Save(file);
            return;
        }
        var ml = new MLContext();
        var rows = ml.Data.LoadFromEnumerable(new[] { new Row { Image = new(new([8, 8, 4], [1, 1, 4]), new float[256]) } });
        Warm(ml, rows);
        ITransformer? transformer = args[1] switch
        {
            "save-onnx" => ml.Transforms.ScoreVolumes(onnx).Fit(rows),
            "save-torch" => Torch(ml, torchFile),
            _ => null,
        };
        GC.Collect(2, GCCollectionMode.Aggressive, true, true);
        long before = ApplicationMemory.Megabytes("VmRSS");
        File.WriteAllText("/proc/self/clear_refs", "5"); // the peak begins anew
        object? result = null;
        switch (args[1])
        {
            case "onnx": result = new OnnxVolumeScorer(onnx); break;
            case "save-onnx": ml.Model.Save(transformer, rows.Schema, onnxZip); break;
            case "save-torch": ml.Model.Save(transformer, rows.Schema, torchZip); break;
            case "load-onnx": result = ml.Model.Load(onnxZip, out _); break;
            default: result = ml.Model.Load(torchZip, out _); break;
        }
        long peak = ApplicationMemory.Megabytes("VmHWM"), weights = new FileInfo(args[1].Contains("torch") ? torchFile : onnx).Length >> 20;
        GC.Collect(2, GCCollectionMode.Aggressive, true, true);
        Console.WriteLine(FormattableString.Invariant($"{args[1]}: {weights} MB of weights; {before} MB before, peak {peak} MB, i.e. {peak - before} MB more ({(double)(peak - before) / weights:0.00} times the weights); {ApplicationMemory.Megabytes("VmRSS") - before} MB more afterwards"));
        GC.KeepAlive(result);
        GC.KeepAlive(transformer);
    }

    /// <summary>Loads code and natives that have nothing to do with a model's size.</summary>
    static void Warm(MLContext ml, IDataView rows)
    {
        using var model = BenchmarkModels.Segmenter(2, new(12, 64, 64));
        using var file = new MemoryStream();
        model.ExportOnnx(file);
        new OnnxVolumeScorer(file.ToArray(), "warm").Dispose();
        using var saved = new MemoryStream();
        ml.Model.Save(Torch(ml, model), rows.Schema, saved);
        saved.Position = 0;
        ml.Model.Load(saved, out _);
    }

    static RehrSegTransformer Torch(MLContext ml, string file)
    {
        using var stream = File.OpenRead(file);
        return Torch(ml, RehrSegModel.Load(stream));
    }

    static RehrSegTransformer Torch(MLContext ml, RehrSegModel model) => new(ml, model, new("Image", "Lr", "Hr", null, null), new());

    sealed class Row
    {
        public string Id { get; set; } = "";
        [VolumeType] public MLVolume? Image { get; set; }
    }
}
