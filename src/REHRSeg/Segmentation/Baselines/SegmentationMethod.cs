namespace REHRSeg;

/// <summary>What a <c>RehrSegEstimator</c> trains: REHRSeg, or one of the paper's baselines (METHOD.md 10). All are planned, trained, exported and scored by the same code.</summary>
public enum SegmentationMethod
{
    /// <summary>nnU-Net on thick cases, then fine-tuning on pseudo pairs with an HR head.</summary>
    RehrSeg,
    /// <summary>Plain 3-D nnU-Net on thick cases; labels at LR alone.</summary>
    NnUNet,
    /// <summary>2-D nnU-Net on the slices of thick cases; labels at LR, and at HR slice by slice on the spline-interpolated image.</summary>
    NnUNet2D,
    /// <summary>nnU-Net* of the paper: plain 3-D nnU-Net on thin volumes interpolated from the thick cases, images by cubic spline, labels by <see cref="InterpolatedLabels"/>.</summary>
    NnUNetInterpolated,
    /// <summary>
    /// Plain 3-D nnU-Net on thin images with thin labels: an upper bound for experiments, not a way to use REHRSeg, which never sees thin data in training. The Image and Label columns
    /// hold thin volumes, in training and at scoring; there is no refinement (factor 1).
    /// </summary>
    FullySupervised,
}

/// <summary>How <see cref="SegmentationMethod.NnUNetInterpolated"/> makes thin labels from thick ones.</summary>
public enum InterpolatedLabels
{
    /// <summary>Morphological contour interpolation, as in the paper (METHOD.md 10.2).</summary>
    Morphological,
    /// <summary>Shape-based interpolation by signed distances.</summary>
    SignedDistance,
    /// <summary>Each thick slice's labels repeated.</summary>
    Nearest,
}
