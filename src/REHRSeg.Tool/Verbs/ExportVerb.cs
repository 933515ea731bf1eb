using System.CommandLine;
using REHRSeg.Imaging;

namespace REHRSeg.Tool;

/// <summary><c>rehrseg export</c>: one ONNX file that any .NET app scores without Torch.</summary>
internal static class ExportVerb
{
    public static Command Create()
    {
        var model = CommonOptions.Path("--model", "Run folder of 'rehrseg train'.");
        var outFile = CommonOptions.Path("--out", "The .onnx file to write.");
        var selfSr = new Option<bool>("--selfsr") { Description = "Export the self-SR network instead of the segmenter." };
        var command = new Command("export", "Write a trained model as one ONNX file.") { model, outFile, selfSr };
        command.OnRun((parse, console, _) =>
        {
            var run = new RunFolder(parse.GetRequiredValue(model));
            string file = Path.GetFullPath(parse.GetRequiredValue(outFile));
            if (!Directory.Exists(run.Path)) throw new DirectoryNotFoundException($"--model {run.Path}: there is no such folder.");
            if (parse.GetValue(selfSr))
            {
                using var network = run.Load<SelfSrTransformer>().Model;
                AtomicFile.Write(file, network.ExportOnnx);
            }
            else
            {
                using var network = run.Load<RehrSegTransformer>().Model;
                AtomicFile.Write(file, network.ExportOnnx);
            }
            console.Result(new { file, bytes = new FileInfo(file).Length });
            console.Info($"{file}: {new FileInfo(file).Length / 1e6:0.0} MB");
            return CommandLine.Done;
        });
        return command;
    }
}
