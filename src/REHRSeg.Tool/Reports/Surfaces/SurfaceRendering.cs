using System.Numerics;
using REHRSeg.Imaging;
using SkiaSharp;

namespace REHRSeg.Tool;

/// <summary>
/// The surface of a label map as its voxels are: rays are followed from voxel to voxel to the first labelled one, nothing is smoothed or resampled, so a thick slice is a thick slab.
/// Only the shading's normal is a mean: over a ball of the same radius in mm for every volume.
/// </summary>
internal static class SurfaceRendering
{
    const int Samples = 2;
    static readonly Vector3[] s_ball = [.. from x in Enumerable.Range(-2, 5) from y in Enumerable.Range(-2, 5) from z in Enumerable.Range(-2, 5) let v = new Vector3(x, y, z) / 2 where v.Length() is > 0 and <= 1.01f select v];

    /// <summary>A picture with a transparent background.</summary>
    /// <param name="label">Label map.</param>
    /// <param name="camera">The same for every volume that is to be compared.</param>
    /// <param name="width">Pixels; the height follows from the camera.</param>
    /// <param name="radius">Of the ball of the shading, mm.</param>
    /// <param name="colour">Of a label value.</param>
    public static SKBitmap Draw(PlacedVolume label, SurfaceCamera camera, int width, double radius, Func<int, SKColor> colour)
    {
        float pixel = camera.Width / width;
        int height = camera.Rows(width);
        var bitmap = new SKBitmap(width, height, SKColorType.Rgba8888, SKAlphaType.Unpremul);
        var rays = new VoxelRays(label);
        var (right, up) = camera.Axes();
        var light = Vector3.Normalize(-camera.Along + 0.6f * up - 0.5f * right);
        var pixels = new SKColor[width * height];
        Parallel.For(0, height, row =>
        {
            for (int column = 0; column < width; column++)
            {
                Vector3 sum = default;
                int hits = 0;
                for (int s = 0; s < Samples * Samples; s++)
                {
                    float x = column + (s % Samples + 0.5f) / Samples - width / 2f, y = height / 2f - row - (s / Samples + 0.5f) / Samples;
                    var from = camera.Centre + pixel * (x * right + y * up) - 2 * camera.Depth * camera.Along;
                    if (rays.First(from, camera.Along) is not { } hit) continue;
                    hits++;
                    var normal = rays.Normal(hit, s_ball, (float)radius);
                    float depth = Math.Clamp(Vector3.Dot(hit.Point - camera.Centre, camera.Along) / camera.Depth, -0.5f, 0.5f);
                    float shade = (0.38f + 0.62f * Math.Max(0, Vector3.Dot(normal, light))) * (1 - 0.25f * depth);
                    var c = colour(hit.Label);
                    sum += Math.Min(shade, 1.1f) * new Vector3(c.Red, c.Green, c.Blue);
                }
                if (hits == 0) continue;
                sum = Vector3.Clamp(sum / hits, default, new(255));
                pixels[row * width + column] = new((byte)sum.X, (byte)sum.Y, (byte)sum.Z, (byte)(255 * hits / (Samples * Samples)));
            }
        });
        bitmap.Pixels = pixels;
        return bitmap;
    }
}
