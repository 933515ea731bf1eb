using REHRSeg.Imaging;
using REHRSeg.Onnx;
using TorchSharp;

namespace REHRSeg.Tests;

public class LabelCalibrationTests
{
    static readonly VolumeGeometry s_thick = new([24, 16, 6], [1, 1, 4]);
    static readonly SelfSrModelInfo s_info = new() { Factor = 4, Labels = [new(0, "background"), new(2, "a"), new(5, "b")], EdgeSlices = EdgeSlices.Replicate };

    static TrainingCase Case(int seed)
    {
        var random = new Random(seed);
        float[] image = [.. Enumerable.Range(0, s_thick.VoxelCount).Select(_ => random.NextSingle())];
        float[] label = [.. Enumerable.Range(0, s_thick.VoxelCount).Select(i => (i % 24) switch { < 4 => 2f, >= 18 => 5f, _ => 0f })];
        return new($"case {seed}", new(s_thick, image), new(s_thick, label));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void EachClassFillsAsManyThickVoxelsAsTheThickLabels(bool uncertaintyHead)
    {
        TorchRuntime.EnsureLoaded();
        using var network = new SelfSrNetwork(new() { Width = 4, Branches = 3, LabelChannels = 2, Head = uncertaintyHead ? SelfSrHead.Uasr : SelfSrHead.Base }, seed: 3);
        LabelOutputs.Shift(network, [-1.5f, 0.8f]);
        TrainingCase[] cases = [Case(1), Case(2), Case(3)];
        var plan = SelfSrPlan.Create(cases, new SelfSrOptions { Labels = s_info.Labels });
        int[] Filled()
        {
            using var model = new TorchWindowModel(network, torch.CPU);
            var thick = cases.Select(c => ThickSliceSimulator.Label(VolumeSuperResolver.Apply(c.Image, c.Label, model, s_info).Label, SliceAxis.Z, 4));
            return [.. new[] { 2, 5 }.Select(k => thick.Sum(t => t.Voxels.Count(k)))];
        }
        int[] wanted = [.. new[] { 2, 5 }.Select(k => cases.Sum(c => c.Label.Voxels.Count(k)))], before = Filled();

        var image = Image(network, cases[0]);
        var shifts = LabelCalibration.Apply(network, cases, plan, s_info, new TrainingContext { Device = torch.CPU });
        int[] after = Filled();

        Assert.All(shifts, s => Assert.InRange(s, -4, 4));
        for (int k = 0; k < 2; k++)
        {
            Assert.True(Math.Abs(before[k] - wanted[k]) > 0.3 * wanted[k], $"class {k} was right before: {before[k]} of {wanted[k]}");
            Assert.True(Math.Abs(after[k] - wanted[k]) < 0.06 * wanted[k], $"class {k}: {after[k]} of {wanted[k]}");
        }
        Assert.Equal(image, Image(network, cases[0]));
    }

    static float[] Image(SelfSrNetwork network, TrainingCase item)
    {
        using var model = new TorchWindowModel(network, torch.CPU);
        return VolumeSuperResolver.Apply(item.Image, item.Label, model, s_info).Image.Voxels.ToArray();
    }
}
