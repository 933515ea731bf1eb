namespace REHRSeg.Onnx;

/// <summary>The self-SR network as the volume loop sees it. Thread-safe.</summary>
public interface IWindowModel : IDisposable
{
    /// <summary>Runs a batch of windows of 4 thick slices; the result covers the second slice of each.</summary>
    /// <param name="windows"><c>N x (C+L) x 4 x H x W</c>: image in [0,1], then one 0/1 channel per foreground class. H, W multiples of 8.</param>
    /// <param name="batch">N.</param>
    /// <param name="height">H.</param>
    /// <param name="width">W.</param>
    /// <param name="image">Receives <c>N x C x r x H x W</c> in [0,1].</param>
    /// <param name="labelLogits">Receives <c>N x L x r x H x W</c> logits against a background of 0.</param>
    /// <param name="uncertainty">Receives <c>N x 1 x r x H x W</c>.</param>
    /// <param name="cancellationToken">Stops the run.</param>
    void Run(ReadOnlyMemory<float> windows, int batch, int height, int width, Memory<float> image, Memory<float> labelLogits, Memory<float> uncertainty, CancellationToken cancellationToken);
}

/// <summary>
/// A network whose planes can be computed in tiles. What it averages over a whole plane - the image's mean and the feature gates - is measured on parts of
/// the plane and corrected from outside, so that a tile has the values that it would have within the whole plane.
/// </summary>
/// <remarks>
/// The statistics of a window are S numbers: the mean of each image channel (C); the largest magnitude of the first, third and fourth slice's image (3), where
/// 0 means that the slice lies outside the volume; then each gate's average of each channel, in the order of the network.
/// </remarks>
public interface ITiledWindowModel : IWindowModel
{
    /// <summary>S; 0: this network's planes cannot be computed in tiles.</summary>
    int Statistics { get; }

    /// <summary>As <see cref="IWindowModel.Run"/> for one tile of each window; the network works with <c>offsets + shares * measured</c>.</summary>
    /// <param name="tiles"><c>N x (C+L) x 4 x H x W</c>.</param>
    /// <param name="batch">N.</param>
    /// <param name="height">H.</param>
    /// <param name="width">W.</param>
    /// <param name="statistics">Where statistics are measured and what they are corrected by.</param>
    /// <param name="image">Receives <c>N x C x r x H x W</c>; empty, as the next two: not wanted.</param>
    /// <param name="labelLogits">Receives <c>N x L x r x H x W</c>.</param>
    /// <param name="uncertainty">Receives <c>N x 1 x r x H x W</c>.</param>
    /// <param name="cancellationToken">Stops the run.</param>
    void RunTile(ReadOnlyMemory<float> tiles, int batch, int height, int width, in TileStatistics statistics, Memory<float> image, Memory<float> labelLogits, Memory<float> uncertainty, CancellationToken cancellationToken);
}

/// <summary>Statistics of one tile of each of N windows.</summary>
/// <param name="Core">Rows and columns of the tile to measure, multiples of 8.</param>
/// <param name="Offsets">Added to what is used, <c>N x S</c>.</param>
/// <param name="Shares">Factors on the measured statistics, <c>S</c>; 0: the offset alone is used.</param>
/// <param name="Measured">Receives the core's statistics, <c>N x S</c>.</param>
public readonly record struct TileStatistics(PlaneRectangle Core, ReadOnlyMemory<float> Offsets, ReadOnlyMemory<float> Shares, Memory<float> Measured);

/// <summary>A part of a plane.</summary>
/// <param name="Top">First row.</param>
/// <param name="Left">First column.</param>
/// <param name="Height">Rows.</param>
/// <param name="Width">Columns.</param>
public readonly record struct PlaneRectangle(int Top, int Left, int Height, int Width)
{
    /// <summary>Rows times columns.</summary>
    public int Voxels => Height * Width;
}
