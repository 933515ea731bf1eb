namespace REHRSeg.Tool.Tests;

/// <summary>One tiny training by the command line, shared by the tests that need a finished run.</summary>
public sealed class TrainedRun : IDisposable
{
    /// <summary>Options that shrink the demo preset to seconds.</summary>
    internal static readonly string[] Tiny =
    [
        "--preset", "demo", "--set", "selfsr.width=8", "--set", "selfsr.iterations=12", "--set", "selfsr.uncertaintyIterations=4", "--set", "selfsr.batchSize=2", "--set", "selfsr.patchSize=24",
        "--set", "segmentation.nnUNetIterations=16", "--set", "segmentation.fineTuneIterations=10", "--set", "segmentation.baseFeatures=4", "--set", "selfsr.checkpointInterval=4", "--set", "segmentation.checkpointInterval=4",
    ];

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
