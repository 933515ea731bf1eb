using REHRSeg.Imaging;
using TorchSharp;

namespace REHRSeg.Tests.FramePretraining;

public sealed class VolumeFilmsTests
{
    static readonly FramePretrainingOptions s_options = new() { PatchSize = 8, HeldOut = 0, RobustLow = 0, RobustHigh = 1 };
    readonly List<string> _warnings = [];

    FrameSource Open(FramePretrainingOptions options, params (string, MLVolume)[] volumes) => VolumeFilms.Open(volumes, options, new() { Device = torch.CPU, Warn = _warnings.Add });

    static MLVolume Volume(int[] size, double[] spacing, Func<int, int, int, float> value, int channels = 1)
    {
        var geometry = new VolumeGeometry(size, spacing);
        var voxels = new List<float>();
        for (int c = 0; c < channels; c++)
            for (int z = 0; z < size[2]; z++)
                for (int y = 0; y < size[1]; y++)
                    for (int x = 0; x < size[0]; x++) voxels.Add(value(x, y, z) * (c + 1));
        return new(geometry, voxels.ToArray(), channels);
    }

    static float Pixel(IFrameVideo film, int frame, int row, int column)
    {
        var pixel = new float[3];
        film.Read(frame, [row], [column], pixel);
        Assert.Equal((pixel[0], pixel[0]), (pixel[1], pixel[2]));
        return pixel[0];
    }

    /// <summary>Value tells the voxel: 8 x 9 x 10, so that 719 is the largest.</summary>
    static float Index(int x, int y, int z) => x + 8 * (y + 9 * z);

    [Fact]
    public void Planes_of_an_isotropic_volume_play_along_all_axes()
    {
        var source = Open(s_options, ("iso", Volume([8, 9, 10], [1, 1, 1.2], Index)));
        Assert.Equal(["iso along Z", "iso along X", "iso along Y"], source.Training.Select(v => v.Name));
        Assert.Equal([(10, 9, 8), (8, 10, 9), (9, 10, 8)], source.Training.Select(v => (v.Frames, v.Height, v.Width)));
        for (int z = 0; z < 10; z++)
            for (int y = 0; y < 9; y++)
                for (int x = 0; x < 8; x++)
                {
                    float expected = Index(x, y, z) / 719;
                    Assert.Equal(expected, Pixel(source.Training[0], z, y, x), 1e-6f);
                    Assert.Equal(expected, Pixel(source.Training[1], x, z, y), 1e-6f);
                    Assert.Equal(expected, Pixel(source.Training[2], y, z, x), 1e-6f);
                }
    }

    [Fact]
    public void A_thick_volume_is_refined_for_its_in_plane_axes_alone()
    {
        // A ramp along the slice axis y: a cubic spline gives it back inside, at thick position (k + 0.5)/4 - 0.5.
        var source = Open(s_options, ("thick", Volume([9, 12, 10], [1, 4, 1], (x, y, z) => 100 * y + x + z)));
        Assert.Equal(["thick along Y", "thick along X", "thick along Z"], source.Training.Select(v => v.Name));
        Assert.Equal([(12, 10, 9), (9, 10, 48), (10, 48, 9)], source.Training.Select(v => (v.Frames, v.Height, v.Width)));
        for (int y = 0; y < 12; y++) Assert.Equal((100 * y + 3 + 7) / 1117f, Pixel(source.Training[0], y, 7, 3), 1e-5f);
        for (int k = 20; k < 28; k++)
        {
            double position = (k + 0.5) / 4 - 0.5;
            Assert.Equal((100 * position + 3 + 7) / 1117, Pixel(source.Training[1], 3, 7, k), 1e-3);
            Assert.Equal((100 * position + 3 + 7) / 1117, Pixel(source.Training[2], 7, k, 3), 1e-3);
        }
    }

    [Fact]
    public void Options_choose_axes_and_channels_are_films_of_one_group()
    {
        var volume = Volume([12, 12, 8], [1, 1, 4], (x, y, z) => Index(x, y, z), channels: 2);
        Assert.Equal(["a channel 0 along Z", "a channel 1 along Z"], Open(s_options with { VolumeAxes = VolumeAxes.Slice }, ("a", volume)).Training.Select(v => v.Name));
        Assert.Equal(["a channel 0 along X", "a channel 1 along X"], Open(s_options with { VolumeAxes = VolumeAxes.Slice, Axis = SliceAxis.X }, ("a", volume)).Training.Select(v => v.Name));
        var split = Open(s_options with { HeldOut = 0.5 }, ("a", volume), ("b", volume));
        Assert.Equal((6, 6), (split.Training.Count, split.Validation.Count));
        Assert.Single(split.Training.Select(v => v.Group).Distinct());
        Assert.True(split.HeldOut);
    }

    [Fact]
    public void Intensities_are_the_robust_range()
    {
        var voxels = Enumerable.Range(0, 1000).Select(i => (float)i).ToArray();
        voxels[999] = 1e9f;
        var film = Open(s_options with { RobustLow = 0.1, RobustHigh = 0.9 }, ("a", new(new([10, 10, 10], [1, 1, 1]), voxels))).Training[0];
        Assert.Equal(0, Pixel(film, 0, 0, 0));
        Assert.Equal(1, Pixel(film, 9, 9, 9));
        Assert.Equal((500 - 99.9) / (899.1 - 99.9), Pixel(film, 5, 0, 0), 1e-5);
    }

    [Fact]
    public void Short_volumes_are_left_out_with_a_warning_and_refused_if_none_is_left()
    {
        var flat = ("flat", Volume([6, 5, 4], [1, 1, 1], Index));
        var good = ("good", Volume([20, 20, 5], [1, 1, 5], Index));
        var source = Open(s_options, flat, good);
        Assert.Equal(["good along X", "good along Y"], source.Training.Select(v => v.Name));
        Assert.Contains("flat", Assert.Single(_warnings), StringComparison.Ordinal);
        Assert.Contains("7 planes", Assert.Throws<DatasetException>(() => Open(s_options, flat)).Message, StringComparison.Ordinal);
        Assert.Contains("VolumeAxes to All", Assert.Throws<DatasetException>(() => Open(s_options with { VolumeAxes = VolumeAxes.Slice }, good)).Message, StringComparison.Ordinal);
        Assert.Contains("no volumes", Assert.Throws<DatasetException>(() => Open(s_options)).Message, StringComparison.Ordinal);
        Assert.Contains("NaN", Assert.Throws<DatasetException>(() => Open(s_options, ("bad", Volume([8, 8, 8], [1, 1, 1], (x, _, _) => x == 3 ? float.NaN : 1)))).Message, StringComparison.Ordinal);
        Assert.Contains("twice", Assert.Throws<DatasetException>(() => Open(s_options, good, good)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Fingerprints_tell_voxels_apart()
    {
        string Of(float value) => Open(s_options, ("a", Volume([8, 8, 8], [1, 1, 1], (x, y, z) => x == 3 && y == 3 && z == 3 ? value : Index(x, y, z)))).Fingerprint;
        Assert.Equal(Of(5), Of(5));
        Assert.NotEqual(Of(5), Of(6));
    }
}
