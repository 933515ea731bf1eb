using System.Text.Json;
using static TorchSharp.torch;

namespace REHRSeg.Tests;

/// <summary>Every kind of distillation against <c>oracles/distillation.json</c>, and inputs at the limits.</summary>
public class DistillationKindTests
{
    static readonly JsonElement s_oracle = LossOracle.Read("distillation.json");

    public static TheoryData<DistillationKind> Kinds => [.. Enum.GetValues<DistillationKind>()];

    internal static Tensor Student() => LossOracle.Wave([2, 3, 2, 4, 6], 0.4).requires_grad_();
    internal static Tensor Teacher() => LossOracle.Wave([2, 4, 2, 3, 4], 1.5, 2);

    /// <summary>Thick labels; the second sample lacks class 2.</summary>
    internal static Tensor Label()
    {
        var label = LossOracle.Label([2, 2, 8, 12], 3);
        return cat([label.narrow(0, 0, 1), label.narrow(0, 1, 1).clamp(max: 1)]);
    }

    internal static FeatureAdaptor Adaptor(int student = 3, int teacher = 4)
    {
        var adaptor = new FeatureAdaptor(student, teacher);
        using var noGrad = no_grad();
        foreach (var (name, parameter) in adaptor.named_parameters()) parameter.copy_(name.EndsWith("weight") ? LossOracle.Wave([teacher, student, 1, 1, 1], 0.8) : LossOracle.Wave([teacher], 0.6));
        return adaptor;
    }

    static RehrSegLossOptions Options(DistillationKind kind) => new() { Distillation = kind, CorrelationWeight = 0.7, SpatialWeight = 0.4 };

    [Theory, MemberData(nameof(Kinds))]
    public void Value_and_gradients_equal_PyTorch(DistillationKind kind)
    {
        using var scope = NewDisposeScope();
        var expected = s_oracle.GetProperty("kinds").GetProperty(kind.ToString());
        var (student, teacher) = (Student(), Teacher().requires_grad_());
        using var adaptor = kind.Adapts() ? Adaptor() : null;
        var loss = DistillationLoss.Compute(student, teacher, Label(), 3, adaptor, Options(kind), null);
        loss.backward();
        LossOracle.AssertClose(expected.Number("loss"), loss);
        LossOracle.AssertClose(expected.Numbers("grad"), student.grad, 1e-4);
        Assert.Null(teacher.grad);
        Assert.Equal(adaptor is not null, expected.TryGetProperty("gradWeight", out _));
        foreach (var (name, parameter) in adaptor?.named_parameters() ?? [])
            LossOracle.AssertClose(expected.Numbers(name.EndsWith("weight") ? "gradWeight" : "gradBias"), parameter.grad, 1e-4);
    }

    [Theory, MemberData(nameof(Kinds))]
    public void Features_in_bfloat16_are_compared_in_float32(DistillationKind kind)
    {
        using var scope = NewDisposeScope();
        using var adaptor = kind.Adapts() ? Adaptor() : null;
        var (student, teacher) = (Student().detach().to(bfloat16), Teacher().to(bfloat16));
        var half = DistillationLoss.Compute(student, teacher, Label(), 3, adaptor, Options(kind), null);
        var single = DistillationLoss.Compute(student.to(float32), teacher.to(float32), Label(), 3, adaptor, Options(kind), null);
        Assert.Equal(float32, half.dtype);
        Assert.Equal(single.item<float>(), half.item<float>());
    }

    public static TheoryData<DistillationKind, string> Limits
    {
        get
        {
            var data = new TheoryData<DistillationKind, string>();
            foreach (var kind in Enum.GetValues<DistillationKind>())
                foreach (string input in new[] { "constant", "zero", "zero teacher", "both zero", "background", "one voxel", "odd" })
                    data.Add(kind, input);
            return data;
        }
    }

    [Theory, MemberData(nameof(Limits))]
    public void Loss_and_gradients_are_finite_at_the_limits(DistillationKind kind, string input)
    {
        using var scope = NewDisposeScope();
        long[] grid = input switch { "one voxel" => [1, 1, 1], "odd" => [3, 5, 3], _ => [2, 4, 6] };
        var student = (input is "zero" or "both zero" ? zeros([2, 3, .. grid]) : input == "constant" ? full([2, 3, .. grid], 0.7f) : LossOracle.Wave([2, 3, .. grid], 0.4)).requires_grad_();
        var teacher = input is "zero teacher" or "both zero" ? zeros([2, 3, .. grid]) : input == "constant" ? full([2, 3, .. grid], -0.2f) : LossOracle.Wave([2, 3, .. grid], 1.5);
        var label = input == "background" ? zeros([2, .. grid], int64) : LossOracle.Label([2, .. grid], 3);
        using var adaptor = Adaptor(3, 3);
        foreach (var h in new[] { adaptor, null })
        {
            if (h is null && kind.Adapts()) continue;
            var loss = DistillationLoss.Compute(student, teacher, label, 3, h, Options(kind), null);
            loss.backward();
            Assert.True(float.IsFinite(loss.item<float>()));
        }
        Assert.All(LossOracle.Values(student.grad!), v => Assert.True(float.IsFinite(v)));
        Assert.All(adaptor.parameters().Where(p => p.grad is not null), p => Assert.All(LossOracle.Values(p.grad!), v => Assert.True(float.IsFinite(v))));
    }

    [Fact]
    public void Smooth_L1_and_squares_agree_below_one()
    {
        using var scope = NewDisposeScope();
        var (a, b) = (LossOracle.Wave([1, 2, 2, 2, 2], 0.3, 0.2), LossOracle.Wave([1, 2, 2, 2, 2], 0.9, 0.2));
        LossOracle.AssertClose(MimicDistillationLoss.Compute(a, b).item<float>() / 2, MimicDistillationLoss.Compute(a, b, smoothL1: true), 1e-7);
    }

    [Fact]
    public void Variation_ignores_scale_and_order_of_channels()
    {
        using var scope = NewDisposeScope();
        var feature = LossOracle.Wave([2, 4, 2, 4, 6], 0.4);
        LossOracle.AssertClose(0, IfvdDistillationLoss.Compute(feature.flip(1) * 3, feature, Label(), 3), 1e-10);
        Assert.True(IfvdDistillationLoss.Compute(feature, LossOracle.Wave([2, 4, 2, 4, 6], 1.5), Label(), 3).item<float>() > 1e-3);
    }

    [Fact]
    public void What_is_missing_or_of_another_shape_is_named()
    {
        using var scope = NewDisposeScope();
        var (student, teacher) = (Student(), Teacher());
        Assert.Contains("Mimic needs an adaptor", Assert.Throws<ArgumentException>(() => DistillationLoss.Compute(student, teacher, Label(), 3, null, Options(DistillationKind.Mimic), null)).Message);
        var other = LossOracle.Wave([2, 3, 2, 4, 5], 1);
        foreach (var compute in new Action[]
        {
            () => MimicDistillationLoss.Compute(student, other), () => SpatialDistillationLoss.Compute(student, other),
            () => CorrelationDistillationLoss.Compute(student, other), () => IfvdDistillationLoss.Compute(student, other, Label(), 3),
            () => IfvdDistillationLoss.Compute(student, student, Label().to(float32), 3), () => IfvdDistillationLoss.Compute(student, student, Label().narrow(0, 0, 1), 3),
        })
            Assert.Throws<ArgumentException>(compute);
    }
}
