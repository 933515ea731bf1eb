namespace REHRSeg;

/// <summary>A random change of a patch, in place.</summary>
internal interface ISampleTransform
{
    /// <summary>Applies the change, or not, as the generator decides.</summary>
    void Apply(SegmentationSample sample, SeededRandom random);
}
