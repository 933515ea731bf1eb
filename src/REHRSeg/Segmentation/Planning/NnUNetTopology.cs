using System.Collections.Immutable;

namespace REHRSeg;

/// <summary>The network of an nnU-Net configuration, of either format, if it is the one of METHOD.md 6.3: convolutions with bias, instance norm, leaky ReLU, no dropout.</summary>
internal sealed record NnUNetTopology(ImmutableArray<int> Features, ImmutableArray<ImmutableArray<int>> Kernels, ImmutableArray<ImmutableArray<int>> Strides, int Convolutions)
{
    const string Plain = "PlainConvUNet";
    const string Remedy = "Plan with nnU-Net's default planner (ExperimentPlanner), which makes a PlainConvUNet.";

    /// <exception cref="Imaging.ModelFormatException">Another network, or a value is missing.</exception>
    public static NnUNetTopology Of(NnUNetConfigurationJson configuration) =>
        configuration.Object("architecture") is { } architecture ? Explicit(configuration, architecture) : ByRule(configuration);

    static NnUNetTopology Explicit(NnUNetConfigurationJson configuration, NnUNetConfigurationJson architecture)
    {
        RequirePlain(configuration, architecture.Text("network_class_name"));
        var network = architecture.Object("arch_kwargs") ?? throw configuration.Damaged("architecture has no arch_kwargs");
        RequireEnd("conv_op", ".Conv3d");
        RequireEnd("norm_op", ".InstanceNorm3d");
        RequireEnd("nonlin", ".LeakyReLU");
        if (network.Flag("conv_bias") == false) throw configuration.Refused("has convolutions without bias (conv_bias)", Remedy);
        if (network.Has("dropout_op")) throw configuration.Refused($"has dropout ({network.Text("dropout_op")})", Remedy);
        if (network.Flag("nonlin_first") == true) throw configuration.Refused("puts the activation before the norm (nonlin_first)", Remedy);
        if (network.Object("norm_op_kwargs") is { } norm && (norm.Flag("affine") != true || norm.Has("eps") && Math.Abs(norm.Number("eps") - 1e-5) > 1e-9))
            throw configuration.Refused("has an instance norm without weights, or of another eps than 1e-5 (norm_op_kwargs)", Remedy);
        if (network.Object("nonlin_kwargs") is { } activation && activation.Has("negative_slope") && Math.Abs(activation.Number("negative_slope") - ConvolutionStage.LeakySlope) > 1e-9)
            throw configuration.Refused($"has a leaky ReLU of slope {activation.Number("negative_slope")}", Remedy);
        var features = network.Integers("features_per_stage");
        return new(features, network.Shapes("kernel_sizes"), network.Shapes("strides"), SameEverywhere(configuration, network, "n_conv_per_stage", features.Length));

        void RequireEnd(string key, string end)
        {
            if (network.Text(key) is { } name && !("." + name).EndsWith(end, StringComparison.Ordinal)) throw configuration.Refused($"has {key} {name}", Remedy);
        }
    }

    static NnUNetTopology ByRule(NnUNetConfigurationJson configuration)
    {
        RequirePlain(configuration, configuration.Text("UNet_class_name"));
        var kernels = configuration.Shapes("conv_kernel_sizes");
        long first = configuration.Integer("UNet_base_num_features"), most = configuration.Integer("unet_max_num_features");
        return new([.. Enumerable.Range(0, kernels.Length).Select(s => (int)Math.Min(most, first << Math.Min(s, 20)))], kernels, configuration.Shapes("pool_op_kernel_sizes"),
            SameEverywhere(configuration, configuration, "n_conv_per_stage_encoder", kernels.Length));
    }

    static void RequirePlain(NnUNetConfigurationJson configuration, string? name)
    {
        if (name is null) throw configuration.Damaged("it names neither UNet_class_name nor architecture.network_class_name");
        if (name[(name.LastIndexOf('.') + 1)..] != Plain) throw configuration.Refused($"has the network {name}; only {Plain} is supported", Remedy);
    }

    static int SameEverywhere(NnUNetConfigurationJson configuration, NnUNetConfigurationJson network, string encoderKey, int stages)
    {
        var encoder = network.PerStage(encoderKey, stages);
        var decoder = network.PerStage("n_conv_per_stage_decoder", stages - 1);
        if (encoder.Length != stages || decoder.Length != stages - 1) throw configuration.Damaged($"it has {stages} stages, and numbers of convolutions for {encoder.Length} in the encoder and {decoder.Length} in the decoder");
        if (encoder.Concat(decoder).Distinct().ToArray() is not [>= 1 and <= 16 and var every])
            throw configuration.Refused($"has {string.Join(", ", encoder)} convolutions in the encoder's stages and {string.Join(", ", decoder)} in the decoder's", "The same number is needed in all of them.");
        return every;
    }
}
