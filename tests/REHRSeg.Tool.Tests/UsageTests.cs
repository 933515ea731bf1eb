namespace REHRSeg.Tool.Tests;

public sealed class UsageTests
{
    [Theory]
    [InlineData("simulate")]
    [InlineData("no-such-verb")]
    [InlineData("simulate --dataset x --out y --factor 1")]
    [InlineData("simulate --dataset x --out y --factor 4 --axis w")]
    [InlineData("simulate --dataset x --out y --factor 4 --start 4")]
    [InlineData("train --dataset x --out y --preset huge")]
    [InlineData("train --dataset x --out y --fold 5 --folds 5")]
    [InlineData("train --dataset x --out y --folds 1 --fold 0")]
    [InlineData("train --dataset x --out y --set width=3")]
    [InlineData("train --dataset x --out y --set selfsr.nothing=3")]
    [InlineData("train --dataset x --out y --set selfsr.width=wide")]
    [InlineData("train --dataset x --out y --set selfsr.width=0")]
    [InlineData("train --dataset x --out y --set segmentation.lrDiceWeight=-1")]
    [InlineData("train --dataset x --out y --set selfsr.seed=3")]
    [InlineData("train --dataset x --out y --pretrained-stem fresh")]
    [InlineData("train --dataset x --out y --pretrained x --pretrained-stem mean")]
    [InlineData("export --model x")]
    [InlineData("superresolve --model spline --input x --out y")]
    [InlineData("pretrain-frames --out y")]
    [InlineData("pretrain-frames --volumes x --out y --patch 20")]
    [InlineData("superresolve --model spline --factor 4 --input x --out y --tta --ensemble full")]
    [InlineData("superresolve --model spline --factor 4 --input x --out y --ensemble some")]
    [InlineData("superresolve --model spline --factor 4 --input x --out y --tile 64")]
    public void A_wrong_command_line_is_usage_with_a_hint(string line)
    {
        using var folder = new TemporaryFolder();
        TinyDataset.Write(folder["x"], cases: 2);
        var run = ToolRun.InProcess([.. line.Split(' ').Select(a => a is "x" or "y" ? folder[a] : a)]);
        Assert.Equal(CommandLine.Usage, run.Code);
        Assert.NotEmpty(run.Error);
        Assert.False(Directory.Exists(folder["y"]), "nothing may be written");
    }

    [Theory]
    [InlineData("demo")]
    [InlineData("check")]
    [InlineData("simulate")]
    [InlineData("train")]
    [InlineData("superresolve")]
    [InlineData("predict")]
    [InlineData("evaluate")]
    [InlineData("postprocess")]
    [InlineData("calibrate")]
    [InlineData("export")]
    [InlineData("pretrain-frames")]
    public void Every_verb_has_help(string verb)
    {
        var run = ToolRun.InProcess(verb, "--help");
        run.AssertDone();
        Assert.Contains("Usage", run.Output, StringComparison.Ordinal);
        Assert.Contains("--quiet", run.Output, StringComparison.Ordinal);
    }
}
