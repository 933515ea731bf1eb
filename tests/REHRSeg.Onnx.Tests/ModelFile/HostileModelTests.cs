using REHRSeg.Imaging;
using static REHRSeg.Onnx.Tests.TinyOnnx;

namespace REHRSeg.Onnx.Tests;

/// <summary>Files that are no REHRSeg models, or would make ONNX Runtime do more than compute: refused before it sees them.</summary>
public class HostileModelTests
{
    static void Refused(byte[] model, string message)
    {
        Assert.Contains(message, Assert.Throws<ModelFormatException>(() => OnnxVolumeScorerOf(model)).Message, StringComparison.Ordinal);
        // Refused by us: the runtime's complaints begin otherwise.
        Assert.DoesNotContain("ONNX Runtime:", Assert.Throws<ModelFormatException>(() => OnnxVolumeScorerOf(model)).Message, StringComparison.Ordinal);
    }

    static void OnnxVolumeScorerOf(byte[] model) => new OnnxVolumeScorer(model, "model.onnx").Dispose();

    static Wire InGraph(Wire node) => new Wire().Message(1, node);
    static Wire Tensor(Wire tensor) => new Wire().Message(5, tensor);

    [Fact]
    public void TheModelItselfIsScored()
    {
        using var scorer = new OnnxVolumeScorer(Build(), "tiny.onnx");
        var image = new MLVolume(new([8, 8, 4], [1, 1, 4]), Enumerable.Range(0, 256).Select(i => (float)Math.Sin(i)).ToArray());
        double mean = image.Voxels.ToArray().Average(v => (double)v);
        var result = scorer.Score(image);
        for (int i = 0; i < 256; i++) Assert.Equal(image.Voxels[i] > mean ? 3 : 0, result.Lr!.Voxels[i]);
        Assert.Equal(8, result.Hr!.Depth);
    }

    [Theory]
    [InlineData("Loop"), InlineData("Scan"), InlineData("SequenceMap"), InlineData("SequenceConstruct"), InlineData("SplitToSequence"), InlineData("OptionalGetElement"), InlineData("StringNormalizer")]
    [InlineData("TfIdfVectorizer"), InlineData("RandomNormal"), InlineData("Bernoulli"), InlineData("Multinomial"), InlineData("ImageDecoder"), InlineData("NonZero"), InlineData("FusedConv"), InlineData("conv")]
    public void OtherOperatorsAreRefused(string op) => Refused(Build(alsoInGraph: InGraph(Node(op, ["lr"], ["x"]))), $"operator '{op}'");

    [Theory]
    [InlineData("com.microsoft"), InlineData("ai.onnx.ml"), InlineData("ai.onnx.training"), InlineData("ai.onnx\0")]
    public void OtherDomainsAreRefused(string domain)
    {
        Refused(Build(alsoInGraph: InGraph(Node("Identity", ["lr"], ["x"]).Text(7, domain))), "uses operators of");
        Refused(Build(alsoInModel: new Wire().Message(OperatorSet, new Wire().Text(1, domain).Number(2, 1))), "uses operators of");
    }

    [Fact]
    public void OperatorsInBranchesAreSeen()
    {
        var branch = new Wire().Message(1, Node("Loop", ["lr"], ["x"]));
        Refused(Build(alsoInGraph: InGraph(Node("If", ["hr_wanted"], ["y"], Branch("then_branch", branch)))), "operator 'Loop'");
        Refused(Build(alsoInGraph: InGraph(Node("Identity", ["lr"], ["y"], Branch("body", new Wire())))), "a graph of its own");
        var nested = new Wire();
        for (int i = 0; i < 20; i++) nested = InGraph(Node("If", ["hr_wanted"], ["y"], Branch("then_branch", nested)));
        Refused(Build(alsoInGraph: nested), "nested too deeply");
    }

    [Fact]
    public void FunctionsTrainingAndUnknownFieldsAreRefused()
    {
        Refused(Build(alsoInModel: new Wire().Message(25, new Wire().Text(1, "Conv"))), "defines functions");
        Refused(Build(alsoInModel: new Wire().Message(20, new Wire())), "training information");
        Refused(Build(alsoInModel: new Wire().Text(77, "x")), "unknown field 77");
        Refused(Build(alsoInGraph: new Wire().Text(99, "x")), "unknown field 99");
        Refused(Build(alsoInGraph: InGraph(Node("Identity", ["lr"], ["y"], new Wire().Text(1, "to").Text(9, "texts")))), "unknown field 9");
        Refused(Build(alsoInModel: new Wire().Message(Graph, new Wire())), "two graphs");
        Refused(Build(alsoInModel: new Wire().Message(OperatorSet, new Wire().Number(2, 18))), "two operator sets");
    }

    static Wire Elsewhere => new Wire().Packed(1, 1).Number(2, 1).Text(8, "w").Message(13, new Wire().Text(1, "location").Text(2, "/etc/passwd")).Number(14, 1);

    [Fact]
    public void WeightsInOtherFilesAreRefusedWhereverTheyAre()
    {
        const string Message = "external data";
        Refused(Build(alsoInGraph: Tensor(Elsewhere)), Message);
        Refused(Build(alsoInGraph: Tensor(new Wire().Packed(1, 1).Number(2, 1).Text(8, "w").Bytes(9, new byte[4]).Number(14, 1))), Message); // data_location alone
        Refused(Build(alsoInGraph: Tensor(new Wire().Packed(1, 1).Number(2, 1).Text(8, "w").Bytes(9, new byte[4]).Message(13, new Wire()))), Message); // an entry alone
        Refused(Build(alsoInGraph: InGraph(Node("Constant", [], ["y"], new Wire().Text(1, "value").Message(5, Elsewhere)))), Message); // in an attribute
        Refused(Build(alsoInGraph: InGraph(Node("Constant", [], ["y"], new Wire().Text(1, "value").Message(10, Elsewhere)))), Message); // in a list
        Refused(Build(alsoInGraph: InGraph(Node("If", ["hr_wanted"], ["y"], Branch("then_branch", Tensor(Elsewhere))))), Message); // in a branch
        Refused(Build(alsoInGraph: InGraph(Node("If", ["hr_wanted"], ["y"], new Wire().Text(1, "then_branch").Message(11, Tensor(Elsewhere))))), Message); // in a list of graphs
        Refused(Build(alsoInGraph: new Wire().Message(15, new Wire().Message(1, Elsewhere))), "sparse weights");
        Refused(Build(alsoInGraph: InGraph(Node("Constant", [], ["y"], new Wire().Text(1, "sparse_value").Message(22, new Wire().Message(1, Elsewhere))))), "sparse weights");
        Refused(Build(alsoInGraph: InGraph(Node("Constant", [], ["y"], new Wire().Text(1, "values").Message(23, new Wire())))), "sparse weights");
        new OnnxVolumeScorer(Build(alsoInGraph: Tensor(new Wire().Packed(1, 1).Number(2, 1).Text(8, "w").Bytes(9, new byte[4]).Number(14, 0))), "said to be in the file").Dispose();
    }

    [Theory]
    [InlineData(new long[] { 3 }, 1, 4)]
    [InlineData(new long[] { -1 }, 1, 4)]
    [InlineData(new long[] { 100_000, 100_000, 100_000 }, 1, 4)]
    [InlineData(new long[] { 1L << 32, 1L << 32 }, 1, 0)]
    [InlineData(new long[] { long.MaxValue, 4 }, 1, 4)]
    [InlineData(new long[] { 0, long.MaxValue }, 1, 0)]
    [InlineData(new long[] { 1 }, 7, 4)]
    [InlineData(new long[] { 1 }, 10, 4)]
    public void SizesThatContradictTheBytesAreRefused(long[] sizes, int type, int bytes) =>
        Refused(Build(alsoInGraph: Tensor(new Wire().Packed(1, sizes).Number(2, type).Text(8, "odd").Bytes(9, new byte[bytes]))), "tensor 'odd'");

    [Fact]
    public void OddTensorsAreRefused()
    {
        Wire Odd(Wire tensor) => Tensor(tensor.Text(8, "odd"));
        Refused(Build(alsoInGraph: Odd(new Wire().Packed(1, 1).Number(2, 8).Bytes(6, [65]))), "tensor '' has the unknown field 6"); // texts
        Refused(Build(alsoInGraph: Odd(new Wire().Packed(1, 1).Number(2, 14).Bytes(9, new byte[8]))), "data type 14"); // complex
        Refused(Build(alsoInGraph: Odd(new Wire().Packed(1, 1).Number(2, 0).Bytes(9, new byte[4]))), "data type 0");
        Refused(Build(alsoInGraph: Odd(new Wire().Packed(1, 1, 1, 1, 1, 1, 1, 1, 1, 1).Number(2, 1).Bytes(9, new byte[4]))), "9 axes");
        Refused(Build(alsoInGraph: Odd(new Wire().Packed(1, 2).Number(2, 1).Bytes(4, new byte[4]))), "1 values");
        Refused(Build(alsoInGraph: Odd(new Wire().Packed(1, 2).Number(2, 7).Packed(7, 1, 300, 70_000))), "3 values");
        Refused(Build(alsoInGraph: Odd(new Wire().Packed(1, 1).Number(2, 1).Bytes(9, new byte[4]).Bytes(4, new byte[4]))), "does not have 4 bytes"); // twice
        Refused(Build(alsoInGraph: Tensor(Floats("weight", [1], 1))), "two tensors of the name 'weight'");
        new OnnxVolumeScorer(Build(alsoInGraph: Tensor(new Wire().Packed(1, 3).Number(2, 7).Text(8, "fine").Packed(7, 1, 300, 70_000))), "typed").Dispose();
    }
}
