using REHRSeg.Imaging;

namespace Quickstart;

sealed class Case
{
    [VolumeType] public MLVolume? Image { get; set; }
}

sealed class Segmentation
{
    [VolumeType] public MLVolume? LrSegmentation { get; set; }
    [VolumeType] public MLVolume? HrSegmentation { get; set; }
}
