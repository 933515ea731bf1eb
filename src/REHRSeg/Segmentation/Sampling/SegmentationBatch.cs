using System.Runtime.InteropServices;
using TorchSharp;

namespace REHRSeg;

/// <summary>Samples of one iteration in managed arrays; those with thin labels come first.</summary>
internal sealed class SegmentationBatch
{
    readonly SegmentationSample _first;

    /// <summary>Joins samples of one shape.</summary>
    public SegmentationBatch(IReadOnlyList<SegmentationSample> samples)
    {
        SegmentationSample[] sorted = [.. samples.OrderBy(s => s.HrLabel is null)];
        _first = sorted[0];
        Count = sorted.Length;
        HrCount = sorted.Count(s => s.HrLabel is not null);
        Image = Join(sorted.Select(s => s.Image));
        Label = Join(sorted.Select(s => s.Label));
        HrLabel = Join(sorted.Take(HrCount).Select(s => s.HrLabel!));
        Uncertainty = Join(sorted.Select(s => s.Uncertainty ?? new float[s.Shape.Voxels]));
        Unit = sorted.Any(s => s.UnitRanges.IsEmpty) ? null : Join(sorted.Select(UnitImage));
    }

    /// <summary>Samples B.</summary>
    public int Count { get; }
    /// <summary>The first samples, which have thin labels.</summary>
    public int HrCount { get; }
    /// <summary><c>B x C x D x H x W</c>, z-scored.</summary>
    public float[] Image { get; }
    /// <summary>Class indices <c>B x D x H x W</c>.</summary>
    public byte[] Label { get; }
    /// <summary>Class indices <c>HrCount x rD x H x W</c>.</summary>
    public byte[] HrLabel { get; }
    /// <summary>Normalised, <c>B x D x H x W</c>; 0 for real cases.</summary>
    public float[] Uncertainty { get; }
    /// <summary>The augmented image in the teacher's [0,1], clamped, <c>B x C x D x H x W</c>; null: ranges are not known.</summary>
    public float[]? Unit { get; }

    long[] Grid => [_first.Shape.Depth, _first.Shape.Height, _first.Shape.Width];

    /// <summary>The image as a tensor, <c>B x C x D x H x W</c>.</summary>
    public torch.Tensor ImageTensor(torch.Device device) => ToTensor(Image, [Count, _first.Channels, .. Grid], device);

    /// <summary>The labels as int64, <c>B x D x H x W</c>.</summary>
    public torch.Tensor LabelTensor(torch.Device device) => ToTensor(Label, [Count, .. Grid], device).to(torch.ScalarType.Int64);

    /// <summary>The thin labels as int64, <c>HrCount x rD x H x W</c>.</summary>
    public torch.Tensor HrLabelTensor(torch.Device device)
        => ToTensor(HrLabel, [HrCount, (long)_first.Factor * _first.Shape.Depth, _first.Shape.Height, _first.Shape.Width], device).to(torch.ScalarType.Int64);

    /// <summary>The uncertainty, <c>B x D x H x W</c>.</summary>
    public torch.Tensor UncertaintyTensor(torch.Device device) => ToTensor(Uncertainty, [Count, .. Grid], device);

    /// <summary>The teacher's input, <c>B x (C+L) x D x H x W</c>: image in [0,1], then a 0/1 channel for each foreground class.</summary>
    public torch.Tensor TeacherTensor(int classes, torch.Device device)
    {
        int volume = _first.Shape.Voxels, channels = _first.Channels + classes - 1;
        var values = new float[Count * channels * volume];
        for (int b = 0; b < Count; b++)
        {
            Unit.AsSpan(b * _first.Channels * volume, _first.Channels * volume).CopyTo(values.AsSpan(b * channels * volume));
            for (int i = 0; i < volume; i++)
                if (Label[b * volume + i] is var c and > 0) values[(b * channels + _first.Channels + c - 1) * volume + i] = 1;
        }
        return ToTensor(values, [Count, channels, .. Grid], device);
    }

    static torch.Tensor ToTensor<T>(T[] values, long[] shape, torch.Device device) where T : unmanaged
    {
        var tensor = torch.empty(shape, typeof(T) == typeof(byte) ? torch.ScalarType.Byte : torch.ScalarType.Float32);
        MemoryMarshal.AsBytes(values.AsSpan()).CopyTo(tensor.bytes);
        return tensor.to(device);
    }

    static float[] UnitImage(SegmentationSample sample)
    {
        var unit = new float[sample.Image.Length];
        for (int c = 0; c < sample.Channels; c++)
        {
            var (scale, offset) = sample.UnitRanges[c];
            var x = sample.Channel(c);
            for (int i = 0; i < x.Length; i++) unit[c * x.Length + i] = Math.Clamp(scale * x[i] + offset, 0, 1);
        }
        return unit;
    }

    static T[] Join<T>(IEnumerable<T[]> parts)
    {
        T[][] all = [.. parts];
        var joined = new T[all.Sum(p => p.Length)];
        int at = 0;
        foreach (var part in all)
        {
            part.CopyTo(joined, at);
            at += part.Length;
        }
        return joined;
    }
}
