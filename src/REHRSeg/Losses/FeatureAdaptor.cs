using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace REHRSeg;

/// <summary>The student adaptor h of eq. 10 and of MIMIC: one 1 x 1 x 1 convolution with bias, trained with the student. <c>B x C2 x D x H x W</c> to <c>B x C1 x D x H x W</c>.</summary>
internal sealed class FeatureAdaptor : nn.Module<Tensor, Tensor>
{
    readonly Conv3d conv;

    /// <summary>From the student's channels to the teacher's.</summary>
    public FeatureAdaptor(long studentChannels, long teacherChannels) : base(nameof(FeatureAdaptor))
    {
        conv = nn.Conv3d(studentChannels, teacherChannels, 1);
        RegisterComponents();
    }

    /// <inheritdoc/>
    public override Tensor forward(Tensor feature) => conv.forward(feature);
}
