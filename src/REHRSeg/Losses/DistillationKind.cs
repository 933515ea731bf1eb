namespace REHRSeg;

/// <summary>
/// How fine-tuning learns from the features of the self-SR teacher (the paper's Table 6). F^seg is the segmenter's encoder skip 1, F^sr the teacher's map of
/// <see cref="TeacherLayer"/>, resized trilinearly to F^seg's grid; h is an adaptor, a 1 x 1 x 1 convolution that is trained with the segmenter and dropped after it.
/// </summary>
public enum DistillationKind
{
    /// <summary>
    /// The method: correlation over the full 3-D graph of nodes of 1 x 2 x 2 averaged voxels (eq. 9) and cosine distance between h(F^seg) and F^sr at each voxel (eq. 10), weighted by
    /// <see cref="RehrSegOptions.CorrelationWeight"/> and <see cref="RehrSegOptions.CosineWeight"/>.
    /// </summary>
    Structure,
    /// <summary>Correlation (eq. 9) without the cosine term.</summary>
    CorrelationOnly,
    /// <summary>MIMIC: mean squared difference of h(F^seg) and F^sr over all voxels and channels.</summary>
    Mimic,
    /// <summary>The released code's pixel-wise alternative (its <c>lambda_l1</c>): as <see cref="Mimic"/>, with the smooth L1 distance.</summary>
    MimicSmoothL1,
    /// <summary>IFVD (intra-class feature variation): each voxel's cosine with its class's mean feature; mean squared difference of the teacher's and the student's.</summary>
    Ifvd,
    /// <summary>
    /// Both terms of <see cref="Structure"/> as the released code has them (METHOD.md section 8): graphs of each slice's 2 x 2 maxima, and cosines over the voxels of each channel
    /// of features that are normalised at each voxel. For comparison; its correlation term is nearly inert.
    /// </summary>
    Published,
}

/// <summary>Which map of the self-SR teacher is distilled; what comes after it is not computed. Sides are those of the patch, w is the teacher's width.</summary>
public enum TeacherLayer
{
    /// <summary>x0: w channels at half the in-plane sides.</summary>
    Stem,
    /// <summary>x1: w channels at half the in-plane sides, as in the released code.</summary>
    Layer1,
    /// <summary>x2: 2w channels at a quarter.</summary>
    Layer2,
    /// <summary>x3: 4w channels at an eighth.</summary>
    Layer3,
    /// <summary>x4: 8w channels at an eighth.</summary>
    Layer4,
    /// <summary>F_o^sr of eq. 2, the decoder's output: w channels at full sides. Computes the whole backbone.</summary>
    Decoder,
}
