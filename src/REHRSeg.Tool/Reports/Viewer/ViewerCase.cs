using REHRSeg.Imaging;

namespace REHRSeg.Tool;

/// <summary>What the values of a volume mean, and so how the viewer draws it.</summary>
internal enum ViewerRole
{
    /// <summary>Grey values: one is drawn at a time, below everything else.</summary>
    Image,
    /// <summary>Integers from 0 (background) on, drawn in the colours of <see cref="LabelColours"/>.</summary>
    Label,
    /// <summary>From 0 (certain) on, drawn as a heat map.</summary>
    Uncertainty,
}

/// <summary>A volume that the viewer offers.</summary>
/// <param name="Name">What the reader sees.</param>
/// <param name="Volume">On any grid; of several channels the first is drawn.</param>
/// <param name="Role">What its values mean.</param>
/// <param name="Shown">Drawn when the viewer opens. The first image that is shown is the base; where no label map of a case is, the first is.</param>
/// <param name="Outlined">Label maps: only the surface is drawn when the viewer opens, so that another map can be seen inside it.</param>
internal sealed record ViewerVolume(string Name, MLVolume Volume, ViewerRole Role, bool Shown = false, bool Outlined = false);

/// <summary>The volumes of one patient: at least one image, and label maps and uncertainties that lie where the image lies.</summary>
/// <param name="Id">The case's name in its dataset.</param>
/// <param name="Volumes">In the order in which they are offered.</param>
/// <param name="Labels">Names of the label values.</param>
internal sealed record ViewerCase(string Id, IReadOnlyList<ViewerVolume> Volumes, IReadOnlyList<LabelClass> Labels);
