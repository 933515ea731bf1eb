using System.CommandLine;
using REHRSeg.Imaging;

namespace REHRSeg.Tool;

/// <summary><c>rehrseg export</c>: one ONNX file that any .NET app scores without Torch, or the self-SR network's weights.</summary>
internal static class ExportVerb
{
    static readonly Dictionary<string, OnnxPrecision> Precisions = new()
    {
        ["fp32"] = OnnxPrecision.Float32, ["fp16"] = OnnxPrecision.Float16, ["int8"] = OnnxPrecision.Int8, ["int8-dynamic"] = OnnxPrecision.Int8Dynamic,
    };

    public static Command Create()
    {
        var model = CommonOptions.Path("--model", "Run folder of 'rehrseg train'.");
        var outFile = CommonOptions.Path("--out", "The .onnx file to write.", required: false);
        var selfSr = new Option<bool>("--selfsr") { Description = "Export the self-SR network instead of the segmenter." };
        var weights = CommonOptions.Path("--weights", "The .safetensors file to write: the self-SR network's weights under the published names, which 'train --pretrained' reads.", required: false);
        var precision = new Option<string>("--precision")
        {
            Description = "How the file stores weights: fp32; fp16 (half the size) or int8 (a quarter), both widened when the file is loaded; int8-dynamic (computed with 8-bit integers, slow on CPUs). Default: fp32.",
            DefaultValueFactory = _ => "fp32",
        };
        precision.AcceptOnlyFromAmong([.. Precisions.Keys]);
        var command = new Command("export", "Write a trained model as one ONNX file, or self-SR weights as safetensors.") { model, outFile, selfSr, precision, weights };
        command.OnRun((parse, console, _) =>
        {
            var run = new RunFolder(parse.GetRequiredValue(model));
            var (onnx, safeTensors) = (parse.GetValue(outFile), parse.GetValue(weights));
            if (onnx is null && safeTensors is null) throw new UsageException("Give --out FILE.onnx, --weights FILE.safetensors, or both.");
            var stored = Precisions[parse.GetRequiredValue(precision)];
            if (!Directory.Exists(run.Path)) throw new DirectoryNotFoundException($"--model {run.Path}: there is no such folder.");
            var written = new List<object>();
            if (safeTensors is not null || parse.GetValue(selfSr))
            {
                using var network = run.Load<SelfSrTransformer>().Model;
                Write(safeTensors, network.SaveWeights);
                if (parse.GetValue(selfSr)) Write(onnx, stream => network.ExportOnnx(stream, stored));
            }
            if (!parse.GetValue(selfSr) && onnx is not null)
            {
                using var network = run.Load<RehrSegTransformer>().Model;
                Write(onnx, stream => network.ExportOnnx(stream, stored));
            }
            console.Result(written is [var only] ? only : written);
            return CommandLine.Done;

            void Write(string? path, Action<Stream> write)
            {
                if (path is null) return;
                string file = Path.GetFullPath(path);
                AtomicFile.Write(file, write);
                long bytes = new FileInfo(file).Length;
                written.Add(new { file, bytes });
                console.Info($"{file}: {bytes / 1e6:0.0} MB");
            }
        });
        return command;
    }
}
