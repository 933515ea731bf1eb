namespace REHRSeg.Imaging;

/// <summary>Which label a new voxel gets from the shares that the labels around it have (linear weights of their one-hot maps).</summary>
public enum LabelDecision
{
    /// <summary>The one whose share is at least 0.5, of two such the larger value; background (0) where none is. nnU-Net's rule.</summary>
    Half,
    /// <summary>The one of the largest share, of equal ones the smallest value: no background gaps where three labels meet.</summary>
    Argmax,
}
