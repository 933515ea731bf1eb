using System.Reflection;
using REHRSeg.Tests.SelfSuperResolution;
using TorchSharp;
using static TorchSharp.torch;

namespace REHRSeg.Tests;

public class TensorArithmeticTests
{
    static readonly Lazy<ScalarCallGraph> s_calls = new(() => new(typeof(Scalar)));

    public static TheoryData<string, Func<Tensor, Tensor, Tensor>, Func<Tensor, Tensor, Tensor>> Functions => new()
    {
        { "Plus", (a, b) => a.Plus(b), (a, b) => a + b },
        { "Plus weighted", (a, b) => a.Plus(b, 0.3), (a, b) => a.add(b, 0.3) },
        { "Plus number", (a, _) => a.Plus(1e-3), (a, _) => a + 1e-3 },
        { "Times", (a, _) => a.Times(0.3), (a, _) => 0.3 * a },
        { "Times whole", (a, _) => a.Times(2), (a, _) => 2 * a },
        { "Over", (a, _) => a.Over(3), (a, _) => a / 3 },
        { "OneMinus", (a, _) => a.OneMinus(), (a, _) => 1 - a },
        { "Squared", (a, _) => a.Squared(), (a, _) => a.square() },
        { "AtLeast", (a, _) => a.AtLeast(0.1), (a, _) => a.clamp(min: 0.1) },
        { "Within", (a, _) => a.Within(0.1, 0.7), (a, _) => a.clamp(0.1, 0.7) },
        { "LeakyRelu", (a, _) => a.LeakyRelu(0.2), (a, _) => a.leaky_relu(0.2) },
        { "LeakyReluInPlace", (a, b) => (a * b).LeakyReluInPlace(0.2), (a, b) => (a * b).leaky_relu_(0.2) },
        { "PlusInPlace", (a, b) => (a * b).PlusInPlace(a), (a, b) => (a * b).add_(a) },
        { "PlusInPlace weighted", (a, b) => (a * b).PlusInPlace(a, -0.3), (a, b) => (a * b).add_(a, -0.3) },
        { "PlusInPlace number", (a, b) => (a * b).PlusInPlace(1), (a, b) => (a * b).add_(1) },
        { "TimesInPlace", (a, b) => (a * b).TimesInPlace(0.9f), (a, b) => (a * b).mul_(0.9f) },
        { "OverInPlace", (a, b) => (a * b).OverInPlace(0.3), (a, b) => (a * b).div_(0.3) },
        { "PlusProductInPlace", (a, b) => (a * b).PlusProductInPlace(a, b, 0.3), (a, b) => (a * b).addcmul_(a, b, 0.3) },
        { "PlusQuotientInPlace", (a, b) => (a * b).PlusQuotientInPlace(a, b, 0.3), (a, b) => (a * b).addcdiv_(a, b, 0.3) },
        { "FillInPlace", (a, b) => (a * b).FillInPlace(0.3) * a, (a, b) => (a * b).fill_(0.3) * a },
    };

    [Theory]
    [MemberData(nameof(Functions), DisableDiscoveryEnumeration = true)]
    public void ValuesAndGradientsAreThoseOfTorchSharpsOwn(string name, Func<Tensor, Tensor, Tensor> ours, Func<Tensor, Tensor, Tensor> theirs)
    {
        foreach (var type in new[] { ScalarType.Float32, ScalarType.Float64, ScalarType.BFloat16 })
        {
            using var scope = NewDisposeScope();
            using var random = new Generator(3);
            Tensor a = randn([1021], generator: random).to_type(type), b = randn([1021], generator: random).to_type(type);
            var (value, gradient) = Run(ours);
            var (expected, expectedGradient) = Run(theirs);
            Assert.True(value.AsSpan().SequenceEqual(expected), $"{name}, {type}");
            Assert.True(gradient.AsSpan().SequenceEqual(expectedGradient), $"{name}, {type}, gradient");

            (byte[] Value, byte[] Gradient) Run(Func<Tensor, Tensor, Tensor> function)
            {
                Tensor x = a.clone().requires_grad_(), y = b.clone().requires_grad_();
                var result = function(x, y);
                result.sum().backward();
                return (result.detach().bytes.ToArray(), cat([x.grad ?? zeros_like(x), y.grad ?? zeros_like(y)]).bytes.ToArray());
            }
        }
    }

    [Fact]
    public void IntegerLabelsAreComparedAndSummedAsIntegers()
    {
        using var scope = NewDisposeScope();
        var label = tensor(new long[] { 0, 1, 2, 1 });
        Assert.Equal([false, true, false, true], label.Is(1).bytes.ToArray().Select(v => v != 0));
        Assert.Equal(ScalarType.Int64, label.Plus(label).dtype);
        Assert.Equal(ScalarType.Int64, label.Squared().dtype);
    }

    [Fact]
    public void NoOtherFileMakesNumbersThatTheCollectorMayFreeDuringACall()
    {
        var calls = s_calls.Value.Of(typeof(TensorArithmetic).Assembly).Where(c => !IsHeld(c.Caller, c.Callee)).ToList();
        Assert.True(calls.Count == 0, $"""
            TorchSharp makes a Scalar here that the collector may free while libtorch reads it. Use the methods of TensorArithmetic (a.Plus(b) for a + b, a.Times(2) for 2 * a,
            a.Squared(), a.LeakyRelu(slope), ...; a * b, a / b and a - b of two tensors are safe), or add one there.
            {string.Join('\n', calls.Select(Describe).Distinct())}
            """);
    }

    // invoke makes Scalars of numbers; FusedKernels gives it tensors alone.
    static bool IsHeld(MethodBase caller, MethodBase callee) =>
        caller.DeclaringType == typeof(TensorArithmetic) || caller.DeclaringType == typeof(FusedKernels) && callee is { Name: "invoke", DeclaringType.Name: nameof(jit.CompilationUnit) };

    static string Describe((MethodBase Caller, MethodBase Callee) call) =>
        $"{call.Caller.DeclaringType!.FullName}.{call.Caller.Name} calls {call.Callee.DeclaringType!.Name}.{call.Callee.Name}({string.Join(", ", call.Callee.GetParameters().Select(p => p.ParameterType.Name))})";

    [Theory]
    [InlineData(nameof(Number), "op_Addition")]
    [InlineData(nameof(Sum), "op_Addition")]
    [InlineData(nameof(Square), "square")]
    [InlineData(nameof(Range), "arange")]
    [InlineData(nameof(Default), "add_")]
    [InlineData(nameof(Product), null)]
    [InlineData(nameof(Held), null)]
    public void TheCallGraphSeesNumbersMadeInPassing(string method, string? callee)
    {
        var calls = s_calls.Value.Of(typeof(TensorArithmeticTests).GetMethod(method, BindingFlags.NonPublic | BindingFlags.Static)!).Select(c => c.Callee.Name).ToList();
        if (callee is null) Assert.Empty(calls);
        else Assert.Contains(callee, calls);
    }

    static Tensor Number(Tensor a) => a + 1.0;
    static Tensor Sum(Tensor a, Tensor b) => a + b;
    static Tensor Square(Tensor a) => a.square();
    static Tensor Range() => arange(4);
    static Tensor Default(Tensor a, Tensor b) => a.add_(b);
    static Tensor Product(Tensor a, Tensor b) => (a * b - a / b).sum(1).sqrt();
    static Tensor Held(Tensor a) => a.Plus(1).Times(2).Squared();

    /// <summary>Regression: written with TorchSharp's operators this stops within some hundred rounds.</summary>
    [Fact]
    public void NumbersOutliveTheirCallUnderTheGarbageCollector()
    {
        using var collector = new BusyCollector();
        using var ones = torch.ones(2);
        for (int i = 0; i < 10_000; i++)
        {
            using var scope = NewDisposeScope();
            Assert.Equal(4, ones.Plus(ones).Squared().LeakyRelu(0.1)[1].item<float>());
        }
    }

    [Fact]
    public void TrainingUnderTheGarbageCollectorGivesTheSameBytes()
    {
        byte[] expected = Train(), model;
        using (new BusyCollector()) model = Train();
        Assert.True(model.AsSpan().SequenceEqual(expected));

        static byte[] Train()
        {
            using var model = SelfSrTrainer.Train(SelfSrTrainerTests.Cases(1), SelfSrTrainerTests.Tiny with { Iterations = 12, UncertaintyIterations = 4, ValidationInterval = 0 }, SelfSrTrainerTests.Context());
            using var stream = new MemoryStream();
            model.Save(stream);
            return stream.ToArray();
        }
    }
}
