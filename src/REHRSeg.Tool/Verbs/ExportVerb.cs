using System.CommandLine;
using System.Text;
using REHRSeg.Imaging;

namespace REHRSeg.Tool;

/// <summary><c>rehrseg export</c>: one ONNX file that any .NET app scores without Torch, the self-SR network's weights, a model card.</summary>
internal static class ExportVerb
{
    static readonly Dictionary<string, OnnxPrecision> Precisions = new()
    {
        ["fp32"] = OnnxPrecision.Float32, ["fp16"] = OnnxPrecision.Float16, ["int8"] = OnnxPrecision.Int8, ["int8-dynamic"] = OnnxPrecision.Int8Dynamic,
    };

    public static Command Create()
    {
        var model = CommonOptions.Path("--model", "Run folder of 'rehrseg train'; for --model-card also a .onnx file.");
        var outFile = CommonOptions.Path("--out", "The .onnx file to write.", required: false);
        var selfSr = new Option<bool>("--selfsr") { Description = "Export the self-SR network instead of the segmenter." };
        var weights = CommonOptions.Path("--weights", "The .safetensors file to write: the self-SR network's weights under the published names, which 'train --pretrained' reads.", required: false);
        var precision = new Option<string>("--precision")
        {
            Description = "How the file stores weights: fp32; fp16 (half the size) or int8 (about a third), both widened when the file is loaded; int8-dynamic (computed with 8-bit integers, slow on CPUs). Default: fp32.",
            DefaultValueFactory = _ => "fp32",
        };
        precision.AcceptOnlyFromAmong([.. Precisions.Keys]);
        var card = CommonOptions.Path("--model-card", "The Markdown file to write: a model card with what the segmenter's file and run folder know, and marked lines for the rest.", required: false);
        var evaluation = new Option<string[]>("--evaluation") { Description = "Files of 'rehrseg evaluate --out' whose means go into the model card.", AllowMultipleArgumentsPerToken = true };
        var command = new Command("export", "Write a trained model as one ONNX file, self-SR weights as safetensors, a model card.") { model, outFile, selfSr, precision, weights, card, evaluation };
        command.OnRun((parse, console, _) =>
        {
            var run = new RunFolder(parse.GetRequiredValue(model));
            var stored = Precisions[parse.GetRequiredValue(precision)];
            var written = new List<object>();
            var (onnx, safeTensors, markdown) = (parse.GetValue(outFile), parse.GetValue(weights), parse.GetValue(card));
            if (onnx is null && safeTensors is null && markdown is null) throw new UsageException("Give at least one of --out FILE.onnx, --weights FILE.safetensors and --model-card FILE.md.");
            if (markdown is not null && parse.GetValue(selfSr)) throw new UsageException("--model-card describes the segmenter: leave --selfsr out, or export the self-SR network by a command of its own.");
            if (markdown is null && parse.GetValue(evaluation) is { Length: > 0 }) throw new UsageException("--evaluation goes into a model card: give --model-card FILE.md too.");
            if (markdown is not null && onnx is null && safeTensors is null && File.Exists(run.Path)) // the file of a model alone
            {
                WriteCard(run.Path, null);
                console.Result(written[0]);
                return CommandLine.Done;
            }
            if (!Directory.Exists(run.Path)) throw new DirectoryNotFoundException($"--model {run.Path}: there is no such folder.");
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
            if (markdown is not null) WriteCard(onnx ?? run.SegmentationOnnx, run);
            console.Result(written is [var only] ? only : written);
            return CommandLine.Done;

            void WriteCard(string file, RunFolder? trained)
            {
                string text = ModelCard.Of(file, trained, parse.GetValue(evaluation));
                Write(markdown, stream => stream.Write(Encoding.UTF8.GetBytes(text)));
            }

            void Write(string? path, Action<Stream> write)
            {
                if (path is null) return;
                string file = Path.GetFullPath(path);
                AtomicFile.Write(file, write);
                long bytes = new FileInfo(file).Length;
                written.Add(new { file, bytes });
                console.Info(bytes < 100_000 ? $"{file}: {bytes} bytes" : $"{file}: {bytes / 1e6:0.0} MB");
            }
        });
        return command;
    }
}
