using Microsoft.ML;
using Microsoft.ML.Data;
using REHRSeg.Imaging;

namespace REHRSeg.Tool;

/// <summary>The files of a training run (DESIGN.md section 5).</summary>
internal sealed record RunFolder(string Path)
{
    public string Model => System.IO.Path.Combine(Path, "model.zip");
    public string SegmentationOnnx => System.IO.Path.Combine(Path, "segmentation.onnx");
    public string BaselineOnnx => System.IO.Path.Combine(Path, "baseline.onnx");
    public string SelfSrOnnx => System.IO.Path.Combine(Path, "selfsr.onnx");
    public string Splits => System.IO.Path.Combine(Path, "splits.json");
    public string Config => System.IO.Path.Combine(Path, "config.json");
    public string Stages => System.IO.Path.Combine(Path, "stages.json");

    /// <summary>Loads <c>model.zip</c> and gives its transformer of type <typeparamref name="T"/>.</summary>
    /// <exception cref="ModelFormatException">No model.zip, or it holds no such transformer.</exception>
    public T Load<T>() where T : class, ITransformer
    {
        if (!File.Exists(Model)) throw new ModelFormatException($"{Path} has no model.zip. Give a finished run folder of 'rehrseg train', or an .onnx file.");
        TorchRuntime.EnsureLoaded();
        var model = new MLContext().Model.Load(Model, out _);
        return Members(model).OfType<T>().FirstOrDefault() ?? throw new ModelFormatException($"{Model} holds no {typeof(T).Name}.");
    }

    /// <summary>Writes through a temporary name.</summary>
    public static void Write(string file, Action<Stream> write)
    {
        string temporary = file + ".tmp";
        using (var stream = File.Create(temporary))
        {
            write(stream);
            stream.Flush(flushToDisk: true);
        }
        File.Move(temporary, file, overwrite: true);
    }

    static IEnumerable<ITransformer> Members(ITransformer model) => model is TransformerChain<ITransformer> chain ? chain.SelectMany(Members) : [model];
}
