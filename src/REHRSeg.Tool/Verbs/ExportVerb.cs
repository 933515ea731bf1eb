using System.CommandLine;
using REHRSeg.Imaging;

namespace REHRSeg.Tool;

/// <summary><c>rehrseg export</c>: one ONNX file that any .NET app scores without Torch, or the self-SR network's weights.</summary>
internal static class ExportVerb
{
    public static Command Create()
    {
        var model = CommonOptions.Path("--model", "Run folder of 'rehrseg train'.");
        var outFile = CommonOptions.Path("--out", "The .onnx file to write.", required: false);
        var selfSr = new Option<bool>("--selfsr") { Description = "Export the self-SR network instead of the segmenter." };
        var weights = CommonOptions.Path("--weights", "The .safetensors file to write: the self-SR network's weights under the published names, which 'train --pretrained' reads.", required: false);
        var command = new Command("export", "Write a trained model as one ONNX file, or self-SR weights as safetensors.") { model, outFile, selfSr, weights };
        command.OnRun((parse, console, _) =>
        {
            var run = new RunFolder(parse.GetRequiredValue(model));
            var (onnx, safeTensors) = (parse.GetValue(outFile), parse.GetValue(weights));
            if (onnx is null && safeTensors is null) throw new UsageException("Give --out FILE.onnx, --weights FILE.safetensors, or both.");
            if (!Directory.Exists(run.Path)) throw new DirectoryNotFoundException($"--model {run.Path}: there is no such folder.");
            var written = new List<object>();
            if (safeTensors is not null || parse.GetValue(selfSr))
            {
                using var network = run.Load<SelfSrTransformer>().Model;
                Write(safeTensors, network.SaveWeights);
                if (parse.GetValue(selfSr)) Write(onnx, network.ExportOnnx);
            }
            if (!parse.GetValue(selfSr) && onnx is not null)
            {
                using var network = run.Load<RehrSegTransformer>().Model;
                Write(onnx, network.ExportOnnx);
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
