using System.Collections.Immutable;
using REHRSeg.Onnx;

namespace REHRSeg;

/// <summary>Heads of the self-SR network.</summary>
internal enum SelfSrHead
{
    /// <summary>Published base head (METHOD.md 1.2): k3 feature fuse, reflection pad, k7 output.</summary>
    Base,
    /// <summary>Published uncertainty-aware head (METHOD.md 2).</summary>
    Uasr,
}

/// <summary>What the super-resolution networks have in common: channels, and the interpolation that they may correct.</summary>
internal interface ISuperResolutionArchitecture
{
    int Factor { get; }
    int ImageChannels { get; }
    int LabelChannels { get; }
    bool GlobalResidual { get; }
    SliceProfileKind ResidualProfile { get; }
    double? ResidualFwhm { get; }
}

/// <summary>Everything that fixes the self-SR network's weights. Names and shapes equal the published ones at the defaults.</summary>
internal sealed record SelfSrArchitecture : ISuperResolutionArchitecture
{
    public int Width { get; init; } = 64;
    public int Factor { get; init; } = 4;
    public int ImageChannels { get; init; } = 1;
    /// <summary>Foreground classes L; logits are against a background of 0 (L = 1: the published sigmoid form).</summary>
    public int LabelChannels { get; init; } = 1;
    public SelfSrHead Head { get; init; } = SelfSrHead.Uasr;
    /// <summary>Attention branches N of the UASR head.</summary>
    public int Branches { get; init; } = 16;
    /// <summary>True [R, METHOD.md 12 #4]: the removed mean is put back before the image activation. False: published form.</summary>
    public bool RestoreMean { get; init; } = true;
    /// <summary>True [R]: U = eps + (1-eps) sigmoid, eps = 1e-3. False: published form.</summary>
    public bool ClampUncertainty { get; init; } = true;
    /// <summary>
    /// Option, off in the published form (METHOD.md 16): image = interpolation + sum_j P_A^j z^j, without activation, where the interpolation is that of
    /// <see cref="SubSliceInterpolation"/>. Labels and uncertainty stay as they are.
    /// </summary>
    public bool GlobalResidual { get; init; }
    /// <summary>Slice profile that the interpolation of <see cref="GlobalResidual"/> takes into account.</summary>
    public SliceProfileKind ResidualProfile { get; init; }
    /// <summary>FWHM of the Gaussian profile in thin voxels; null: r.</summary>
    public double? ResidualFwhm { get; init; }
    /// <summary>True: also the modules that the published network holds but never uses, so that its state dict has every published name.</summary>
    public bool PublishedUnusedModules { get; init; }

    /// <summary>Weights of the window's slices 0 to 3 for each thin slice, <c>r x 4</c>; null without <see cref="GlobalResidual"/>.</summary>
    public float[][]? InterpolationWeights() => GlobalResidual ? SubSliceInterpolation.Weights(ResidualProfile.Make(Factor, ResidualFwhm), -1, FlavrBackbone.Slices) : null;
}

/// <summary>Everything that fixes the weights of <see cref="WdsrNetwork"/>. The defaults are the published ones.</summary>
internal sealed record WdsrArchitecture : ISuperResolutionArchitecture
{
    /// <summary>Channels between the blocks; a block widens them to 4 times as many and narrows them to 0.8 times, rounded down.</summary>
    public int Width { get; init; } = 32;
    public int Blocks { get; init; } = 16;
    public int Factor { get; init; } = 4;
    public int ImageChannels { get; init; } = 1;
    /// <summary>Foreground classes L; logits are against a background of 0 (L = 1: the published sigmoid form).</summary>
    public int LabelChannels { get; init; } = 1;
    /// <summary>Option, off in the published form: the image outputs are a difference to the interpolation of <see cref="SubSliceInterpolation"/>.</summary>
    public bool GlobalResidual { get; init; }
    /// <summary>Slice profile that the interpolation of <see cref="GlobalResidual"/> takes into account.</summary>
    public SliceProfileKind ResidualProfile { get; init; }
    /// <summary>FWHM of the Gaussian profile in thin voxels; null: r.</summary>
    public double? ResidualFwhm { get; init; }
}

/// <summary>Everything that fixes the segmentation network's weights (METHOD.md 6.2-6.4).</summary>
internal sealed record SegmentationArchitecture
{
    public int Channels { get; init; } = 1;
    public required int Classes { get; init; }
    public required ImmutableArray<int> Features { get; init; }
    /// <summary>Kernel of each stage, D H W.</summary>
    public required ImmutableArray<PatchShape> Kernels { get; init; }
    /// <summary>Stride of each stage, D H W; the first is 1 1 1.</summary>
    public required ImmutableArray<PatchShape> Strides { get; init; }
    public int ConvolutionsPerStage { get; init; } = 2;
    /// <summary>r of the HR head; 0: no head.</summary>
    public required int Factor { get; init; }
    /// <summary>Channels between the HR head's two convolutions.</summary>
    public int HighResolutionWidth { get; init; } = 16;
    /// <summary>False [R]: half-pixel upsampling. True: published align-corners.</summary>
    public bool AlignCorners { get; init; }

    /// <summary>Weights and biases of encoder, decoder and HR head.</summary>
    public long ParameterCount
    {
        get
        {
            long Blocks(int input, int output, PatchShape kernel) =>
                Enumerable.Range(0, ConvolutionsPerStage).Sum(j => (long)(j == 0 ? input : output) * output * kernel.Voxels + 3 * output); // bias, and scale and shift of the norm
            long sum = 0;
            for (int s = 0; s < Features.Length; s++)
            {
                sum += Blocks(s == 0 ? Channels : Features[s - 1], Features[s], Kernels[s]);
                if (s == Features.Length - 1) break;
                sum += (long)Features[s + 1] * Features[s] * Strides[s + 1].Voxels + Features[s] + Blocks(2 * Features[s], Features[s], Kernels[s]) + (Features[s] + 1L) * Classes;
            }
            return Factor == 0 ? sum : sum + Features[0] * 27L * HighResolutionWidth + HighResolutionWidth + HighResolutionWidth * 125L * Classes + Classes;
        }
    }

    public PatchShape Divisor => new(Strides.Aggregate(1, (a, s) => a * s.Depth), Strides.Aggregate(1, (a, s) => a * s.Height), Strides.Aggregate(1, (a, s) => a * s.Width));
}

/// <summary>A named tensor outside Torch: what safetensors and ONNX writers take.</summary>
internal sealed record WeightArray(ImmutableArray<int> Shape, float[] Values);
