namespace REHRSeg.Onnx.Tests.SuperResolution;

public class PlaneTilingTests
{
    [Theory]
    [InlineData(512, 512, 160_000)]
    [InlineData(512, 512, 128 * 128)]
    [InlineData(200, 264, 26_000)]
    [InlineData(64, 1024, 20_000)]
    [InlineData(1032, 776, 100_000)]
    [InlineData(408, 400, 160_000)]
    public void TilesCoverThePlaneWithEnoughOverlap(int height, int width, int tileVoxels)
    {
        var tiling = PlaneTiling.Plan(height, width, tileVoxels);
        Assert.InRange(tiling.TileVoxels, 1, tileVoxels);
        Assert.True(tiling.Count > 1);
        long core = 0;
        for (int i = 0; i < tiling.Count; i++)
        {
            var (tile, part) = (tiling.Tile(i), tiling.Core(i));
            Assert.InRange(tile.Top, 0, height - tile.Height);
            Assert.InRange(tile.Left, 0, width - tile.Width);
            Assert.All([tile.Top, tile.Left, tile.Height, tile.Width, part.Top, part.Left, part.Height, part.Width], v => Assert.Equal(0, v % 8));
            core += part.Voxels;
        }
        Assert.Equal((long)height * width, core);
        foreach (var span in new[] { tiling.Rows, tiling.Columns })
        {
            Assert.Equal(span.Size - span.Tile, span.Starts[^1]);
            for (int v = 0; v < span.Size; v++)
            {
                var weights = span.Starts.Select((s, k) => v >= s && v < s + span.Tile ? span.Weight(k, v) : 0).ToArray();
                Assert.Equal(1, weights.Sum(), 1e-6);
                for (int k = 0; k < weights.Length; k++)
                {
                    Assert.InRange(weights[k], 0, 1);
                    if (weights[k] > 0 && k > 0) Assert.True(v - span.Starts[k] >= 32, "too near to the tile's begin");
                    if (weights[k] > 0 && k < weights.Length - 1) Assert.True(span.Starts[k] + span.Tile - v > 32, "too near to the tile's end");
                }
            }
        }
    }

    [Fact]
    public void APlaneOf512IsFourTilesAtMost()
    {
        var tiling = PlaneTiling.Plan(512, 512, SuperResolutionRequest.DefaultTileSide * SuperResolutionRequest.DefaultTileSide);
        Assert.InRange(tiling.Count, 2, 4);
    }
}
