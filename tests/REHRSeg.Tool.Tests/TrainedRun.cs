namespace REHRSeg.Tool.Tests;

/// <summary>One tiny training by the command line, shared by the tests that need a finished run.</summary>
public sealed class TrainedRun : IDisposable
{
    internal static readonly string[] Tiny = ["--preset", "tiny"];

    internal TemporaryFolder Folder { get; } = new();
    internal string Data => Folder["data"];
    internal string Run => Folder["run"];
    internal ToolRun Result { get; }

    public TrainedRun()
    {
        TinyDataset.Write(Data, cases: 5);
        Result = ToolRun.InProcess(["train", "--dataset", Data, "--out", Run, "--fold", "0", "--folds", "5", .. Tiny]);
    }

    public void Dispose() => Folder.Dispose();
}
