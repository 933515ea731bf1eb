using static TorchSharp.torch;

namespace REHRSeg.Tests;

public class DistillationLossTests
{
    static Tensor Student() => LossOracle.Wave([2, 3, 2, 4, 6], 0.4).requires_grad_();
    static Tensor Teacher() => DistillationLoss.Resize(LossOracle.Wave([2, 4, 2, 3, 4], 1.5), [2, 4, 6]);

    [Theory]
    [InlineData("correlation", 0)]
    [InlineData("published", 1)]
    public void CorrelationEqualsPyTorch(string name, int graph)
    {
        using var scope = NewDisposeScope();
        var expected = LossOracle.Get("distillation", name);
        var student = Student();
        var loss = CorrelationDistillationLoss.Compute(student, Teacher(), (CorrelationGraph)graph);
        loss.backward();
        LossOracle.AssertClose(expected.Number("loss"), loss);
        LossOracle.AssertClose(expected.Numbers("grad"), student.grad, 2e-5);
    }

    [Fact]
    public void GramFormEqualsAllPairsOf300Nodes()
    {
        using var scope = NewDisposeScope();
        manual_seed(3);
        var teacher = randn([1, 7, 3, 20, 20]).requires_grad_();
        var fast = randn([1, 5, 3, 20, 20]).requires_grad_();
        var slow = fast.detach().to(float64).requires_grad_();
        Tensor Nodes(Tensor x)
        {
            var pooled = nn.functional.avg_pool3d(x, [1, 2, 2]).flatten(2)[0];
            return pooled / pooled.norm(0, keepdim: true);
        }
        var (f, g) = (Nodes(teacher.detach().to(float64)), Nodes(slow));
        Assert.Equal(300, g.shape[1]);
        var pairs = (f.t().mm(f) - g.t().mm(g)).square().mean();
        pairs.backward();
        var gram = CorrelationDistillationLoss.Compute(fast, teacher);
        gram.backward();
        LossOracle.AssertClose(pairs.item<double>(), gram, 2e-5 * pairs.item<double>());
        Assert.InRange((fast.grad!.to(float64) - slow.grad!).norm().item<double>() / slow.grad!.norm().item<double>(), 0, 2e-5);
        Assert.Null(teacher.grad);
    }

    [Fact]
    public void EqualFeaturesHaveNoLoss()
    {
        using var scope = NewDisposeScope();
        var feature = Student();
        LossOracle.AssertClose(0, CorrelationDistillationLoss.Compute(3 * feature, feature), 1e-6);
        LossOracle.AssertClose(0, SpatialDistillationLoss.Compute(3 * feature, feature), 1e-6);
    }

    [Fact]
    public void ZeroFeaturesHaveAFiniteGradient()
    {
        using var scope = NewDisposeScope();
        var student = zeros([1, 3, 2, 4, 4]).requires_grad_();
        var teacher = LossOracle.Wave([1, 3, 2, 4, 4], 1);
        (CorrelationDistillationLoss.Compute(student, teacher) + SpatialDistillationLoss.Compute(student, teacher)).backward();
        Assert.All(LossOracle.Values(student.grad!), v => Assert.True(float.IsFinite(v)));
    }

    [Fact]
    public void SpatialEqualsPyTorch()
    {
        using var scope = NewDisposeScope();
        var expected = LossOracle.Get("distillation", "spatial");
        var student = Student();
        using var adaptor = Adaptor();
        var loss = SpatialDistillationLoss.Compute(adaptor.forward(student), Teacher());
        loss.backward();
        var gradients = adaptor.named_parameters().ToDictionary(p => p.name, p => p.parameter.grad);
        LossOracle.AssertClose(expected.Number("loss"), loss);
        LossOracle.AssertClose(expected.Numbers("grad"), student.grad, 1e-5);
        LossOracle.AssertClose(expected.Numbers("gradWeight"), gradients["conv.weight"], 1e-5);
        LossOracle.AssertClose(expected.Numbers("gradBias"), gradients["conv.bias"], 1e-5);
    }

    [Theory]
    [InlineData(false, false, false, false)]
    [InlineData(true, false, false, false)]
    [InlineData(true, true, false, false)]
    [InlineData(true, true, true, false)]
    [InlineData(true, true, false, true)]
    [InlineData(true, true, true, true)]
    public void TotalIsTheSumOfItsTerms(bool uncertainty, bool hr, bool correlation, bool spatial)
    {
        using var scope = NewDisposeScope();
        var options = new RehrSegLossOptions { Uncertainty = uncertainty, HighResolution = hr, CorrelationWeight = correlation ? 1 : 0, SpatialWeight = spatial ? 1 : 0, DistillationWeight = 0.5 };
        var label = LossOracle.Label([2, 2, 4, 6], 3);
        var hrLabel = LossOracle.Label([2, 8, 4, 6], 3);
        var map = LossOracle.Wave([2, 2, 4, 6], 0.2).sigmoid();
        var (lr, high) = (LossOracle.Wave([2, 3, 2, 4, 6], 0.7), LossOracle.Wave([2, 3, 8, 4, 6], 0.9));
        var teacher = LossOracle.Wave([2, 4, 2, 3, 4], 1.5);
        using var adaptor = Adaptor();
        var metrics = new Dictionary<string, Tensor>();
        var output = new SegmentationOutput(lr, hr ? high : null, [], options.Distils ? Student() : null);
        var loss = RehrSegLoss.Compute(output, new(label, hr ? hrLabel : null, uncertainty ? map : null, options.Distils ? teacher : null), spatial ? adaptor : null, options, metrics);

        double expected = (uncertainty ? UncertaintyWeightedCrossEntropy.Compute(lr, label, map) : DiceCrossEntropyLoss.Compute(lr, label).Loss).item<float>();
        if (hr) expected += DiceCrossEntropyLoss.Compute(high, hrLabel).Loss.item<float>();
        if (correlation) expected += 0.5 * LossOracle.Get("distillation", "correlation").Number("loss");
        if (spatial) expected += 0.5 * LossOracle.Get("distillation", "spatial").Number("loss");
        LossOracle.AssertClose(expected, loss);
        Assert.Equal(correlation, metrics.ContainsKey("corr"));
        Assert.Equal(spatial, metrics.ContainsKey("spatial"));
        Assert.Equal(hr, metrics.ContainsKey("dice_hr"));
        Assert.Equal(!uncertainty, metrics.ContainsKey("dice_lr"));
        if (options.Distils)
            Assert.Throws<ArgumentException>(() => RehrSegLoss.Compute(output, new(label, hrLabel, map, null), adaptor, options));
    }

    static FeatureAdaptor Adaptor()
    {
        var adaptor = new FeatureAdaptor(3, 4);
        using var noGrad = no_grad();
        foreach (var (name, parameter) in adaptor.named_parameters()) parameter.copy_(name.EndsWith("weight") ? LossOracle.Wave([4, 3, 1, 1, 1], 0.8) : LossOracle.Wave([4], 0.6));
        return adaptor;
    }
}
