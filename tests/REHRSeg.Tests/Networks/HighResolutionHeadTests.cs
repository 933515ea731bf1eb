using TorchSharp;

namespace REHRSeg.Tests;

public sealed class HighResolutionHeadTests
{
    public static TheoryData<bool, int, int> Forms
    {
        get
        {
            var data = new TheoryData<bool, int, int>();
            foreach (bool alignCorners in new[] { false, true })
                foreach (int factor in new[] { 2, 3, 4, 5 })
                    foreach (int depth in new[] { 1, 2, 7 })
                        data.Add(alignCorners, factor, depth);
            return data;
        }
    }

    [Theory, MemberData(nameof(Forms))]
    public void TheCommutedFormEqualsUpsamplingFirst(bool alignCorners, int factor, int depth)
    {
        using var scope = torch.NewDisposeScope();
        var network = new Holder();
        using var layers = new LayerFactory(network, 1, new ConvolutionPrecision());
        var head = new HighResolutionHead(layers, 8, 6, 3, factor, alignCorners);
        torch.Tensor a = (torch.randn([2, 8, depth, 9, 7], generator: new torch.Generator(3, torch.CPU))).requires_grad_(), b = a.detach().to(torch.float64).requires_grad_(); // in double precision, which oneDNN does not compute
        var commuted = head.Forward(a);
        var w = network.named_parameters().ToDictionary(p => p.name, p => p.parameter.detach().to(torch.float64).requires_grad_());
        var up = torch.nn.functional.interpolate(b, [factor * depth, 9, 7], mode: torch.InterpolationMode.Trilinear, align_corners: alignCorners);
        var y = torch.nn.functional.conv3d(up, w["sr_head.0.weight"], w["sr_head.0.bias"], padding: [1, 1, 1]).relu();
        var direct = torch.nn.functional.conv3d(y, w["sr_head.2.weight"], w["sr_head.2.bias"], padding: [2, 2, 2]);
        Assert.Equal([2, 3, factor * depth, 9, 7], commuted.shape);
        Assert.True(Golden.Maximum(commuted - direct) < 1e-5);
        commuted.square().sum().backward();
        direct.square().sum().backward();
        Assert.True(Golden.RelativeDifference(a.grad!, b.grad!) < 1e-5);
        foreach (var (name, parameter) in network.named_parameters()) Assert.True(Golden.RelativeDifference(parameter.grad!, w[name].grad!) < 1e-5, name);
    }

    /// <summary>DESIGN.md section 4: a z-ramp passes unchanged in physical space, thin slice k at thick coordinate (k + 0.5) / r - 0.5.</summary>
    [Fact]
    public void HalfPixelUpsamplingIsIndependentOfThePatchsDepth()
    {
        float[] few = HighResolutionHead.ShiftedInterpolation(4, 4, alignCorners: false), many = HighResolutionHead.ShiftedInterpolation(9, 4, alignCorners: false);
        for (int k = 2; k < 14; k++) // away from the ends
        {
            double z = Enumerable.Range(0, 4).Sum(d => d * few[k * 12 + 4 + d]);
            Assert.Equal((k + 0.5) / 4 - 0.5, z, 1e-6);
            Assert.Equal(Enumerable.Range(0, 4).Select(d => few[k * 12 + 4 + d]), Enumerable.Range(0, 4).Select(d => many[k * 27 + 9 + d]));
        }
    }

    private sealed class Holder() : torch.nn.Module("holder");
}
