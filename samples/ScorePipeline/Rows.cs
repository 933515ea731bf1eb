using REHRSeg.Imaging;

namespace ScorePipeline;

sealed class Input
{
    public string Path { get; set; } = "";
}

sealed class Output
{
    public string Path { get; set; } = "";
    [VolumeType] public MLVolume? LrSegmentation { get; set; }
    [VolumeType] public MLVolume? HrSegmentation { get; set; }
}
