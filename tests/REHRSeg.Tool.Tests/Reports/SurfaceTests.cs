using System.Numerics;
using REHRSeg.Imaging;
using SkiaSharp;

namespace REHRSeg.Tool.Tests;

public sealed class SurfaceTests
{
    static PlacedVolume Place(MLVolume volume) => new PatientSpace(volume).Place(volume, "label");

    static PlacedVolume Random(int seed, double z = 3)
    {
        var random = new Random(seed);
        var g = new VolumeGeometry([9, 8, 5], [1, 1.5, z]);
        float[] voxels = new float[g.VoxelCount];
        for (int i = 0; i < voxels.Length; i++) voxels[i] = random.NextDouble() < 0.08 ? random.Next(1, 4) : 0;
        return Place(new(g, voxels));
    }

    /// <summary>Against small steps along the ray with a look-up at each.</summary>
    [Fact]
    public void A_ray_meets_the_first_labelled_voxel()
    {
        var label = Random(5);
        var rays = new VoxelRays(label);
        var random = new Random(6);
        int hits = 0;
        for (int n = 0; n < 400; n++)
        {
            Vector3 to = new(9 * random.NextSingle(), 12 * random.NextSingle(), 15 * random.NextSingle()), along = Vector3.Normalize(new(random.NextSingle() - 0.5f, random.NextSingle() - 0.5f, random.NextSingle() - 0.5f));
            if (n % 10 == 0) along = n % 20 == 0 ? Vector3.UnitX : -Vector3.UnitZ;
            var from = to - 40 * along;
            const float step = 2e-3f;
            int expected = 0;
            float at = 0;
            for (; at < 80 && expected == 0; at += step)
            {
                var p = from + at * along;
                int x = (int)MathF.Floor(p.X), y = (int)MathF.Floor(p.Y / 1.5f), z = (int)MathF.Floor(p.Z / 3);
                if (x is >= 0 and < 9 && y is >= 0 and < 8 && z is >= 0 and < 5) expected = (int)label.Volume[z, y, x];
            }
            var hit = rays.First(from, along);
            if (expected == 0)
            {
                // A corner may be cut by less than a step.
                if (hit is { } grazed) Assert.True(Inside(rays, grazed.Point, along) < 3 * step);
                continue;
            }
            hits++;
            Assert.NotNull(hit);
            if (Vector3.Distance(hit.Value.Point, from + at * along) > 3 * step) Assert.True(Inside(rays, hit.Value.Point, along) < 3 * step);
            else Assert.Equal(expected, hit.Value.Label);
            Assert.True(Vector3.Dot(hit.Value.Face, along) < 0, "the face looks at the camera");
        }
        Assert.True(hits > 100);

        // How far the ray stays in the voxel that it has just entered.
        float Inside(VoxelRays r, Vector3 point, Vector3 direction)
        {
            float length = 0;
            while (length < 5 && r.First(point + (length + 1e-4f) * direction, direction) is { } next && Vector3.Distance(next.Point, point + (length + 1e-4f) * direction) < 1e-3f) length += 1e-3f;
            return length;
        }
    }

    static MLVolume Ball(VolumeGeometry g)
    {
        float[] voxels = new float[g.VoxelCount];
        for (int z = 0, n = 0; z < g.Depth; z++)
            for (int y = 0; y < g.Height; y++)
                for (int x = 0; x < g.Width; x++, n++)
                {
                    var p = g.ToPhysical(x, y, z);
                    voxels[n] = (p.X - 11.5) * (p.X - 11.5) + (p.Y - 11.5) * (p.Y - 11.5) + (p.Z - 11.5) * (p.Z - 11.5) < 81 ? 1 : 0;
                }
        return new(g, voxels);
    }

    /// <summary>The outline of thick slices has steps of the slices' height: over as many picture rows as a slice is high, it does not move. The thin label's does.</summary>
    [Fact]
    public void Thick_slices_are_drawn_as_a_staircase_and_thin_ones_are_not()
    {
        var thinGrid = new VolumeGeometry([24, 24, 24], [1, 1, 1]);
        var thin = Ball(thinGrid);
        var thickGrid = thinGrid.Coarsen(4, SliceAxis.Z);
        var (a, b) = (Place(Ball(thickGrid)), Place(thin));
        var camera = new SurfaceCamera(new(12, 12, 12), 24, 24, 24, Vector3.UnitY); // level, so that a slice's edge is a row
        int[] Outline(PlacedVolume v)
        {
            using var picture = SurfaceRendering.Draw(v, camera, 96, 1.5, PanelColours.OfClass);
            return [.. Enumerable.Range(0, 96).Select(row => Enumerable.Range(0, 96).Count(x => picture.GetPixel(x, row).Alpha > 127))];
        }
        static int Changes(int[] widths) => widths.Zip(widths.Skip(1)).Count(w => w.First != w.Second);
        int[] thickOutline = Outline(a), thinOutline = Outline(b);
        Assert.Contains(Enumerable.Range(0, 95), row => thinOutline[row] != thinOutline[row + 1] && (row + 1) % 16 != 0);
        Assert.All(Enumerable.Range(0, 95).Where(row => thickOutline[row] != thickOutline[row + 1]), row => Assert.Equal(0, (row + 1) % 16));
        Assert.True(Changes(thinOutline) > Changes(thickOutline));
    }

    [Fact]
    public void The_camera_shows_all_of_every_volume_up_to_twice_the_first()
    {
        var g = new VolumeGeometry([40, 40, 10], [1, 1, 4]);
        float[] first = new float[g.VoxelCount], wider = new float[g.VoxelCount];
        for (int x = 15; x < 25; x++) for (int y = 15; y < 25; y++) for (int z = 4; z < 6; z++) first[(z * 40 + y) * 40 + x] = wider[(z * 40 + y) * 40 + x - 2] = 1;
        var labels = new[] { Place(new(g, first)), Place(new(g, wider)) };
        var camera = SurfaceCamera.For(labels, 2);
        foreach (var label in labels)
        {
            using var picture = SurfaceRendering.Draw(label, camera, 80, 2, _ => SKColors.White);
            for (int x = 0; x < picture.Width; x++) Assert.Equal(0, picture.GetPixel(x, 0).Alpha + picture.GetPixel(x, picture.Height - 1).Alpha);
            for (int y = 0; y < picture.Height; y++) Assert.Equal(0, picture.GetPixel(0, y).Alpha + picture.GetPixel(picture.Width - 1, y).Alpha);
        }
        var alone = SurfaceCamera.For(labels[..1], 2);
        wider[0] = 1; // far off
        Assert.InRange(SurfaceCamera.For([labels[0], Place(new(g, wider))], 2).Width, alone.Width * 1.5f, alone.Width * 2.001f);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void Slices_are_seen_from_the_side_with_the_head_up(int sliceAxis)
    {
        var camera = SurfaceCamera.For([Random(1)], sliceAxis);
        var (right, up) = camera.Axes();
        Assert.True(MathF.Abs(camera.Along[sliceAxis]) < 0.51f, "not along the stack of slices");
        Assert.True(up.Z > 0.9f);
        Assert.Equal(0, Vector3.Dot(right, camera.Along), 1e-5);
        if (sliceAxis != 1) Assert.True(right.X > 0.8f, "from the front, the patient's left is on the right");
        else Assert.True(right.Y > 0.8f, "from the patient's left, the back is on the right");
    }
}
