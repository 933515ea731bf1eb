using System.Numerics.Tensors;
using REHRSeg.Imaging;
using REHRSeg.Onnx;

namespace REHRSeg;

/// <summary>Training samples of SMORE as managed arrays.</summary>
/// <param name="Count">Samples B.</param>
/// <param name="Thick">Blurred and averaged along rows, <c>B x (C+L) x H x W</c>: image in [0,1], then 0/1 foreground channels.</param>
/// <param name="Image">Sharp truth, <c>B x C x rH x W</c>.</param>
/// <param name="Label">Its class indices, <c>B x rH x W</c>.</param>
internal sealed record SmoreBatch(int Count, float[] Thick, float[] Image, byte[] Label);

/// <summary>
/// Draws SMORE's samples: a 2-D patch of a thick slice, whose axes are both sharp, and the same with thick rows along x or y: the slice profile at each block of r rows,
/// labels by majority. Positions beyond the slice repeat its border; the profile sees true neighbours of the patch where there are any. Thread-safe.
/// </summary>
internal sealed class SmorePatchSampler
{
    readonly IReadOnlyList<SeedVolume> _cases;
    readonly int _factor, _channels, _classes, _lead, _trail;
    readonly SliceProfile _profile;
    readonly float[] _weights;
    readonly double _flipProbability;

    /// <param name="cases">Thick slices along D (<see cref="SeedVolume.Thick"/>).</param>
    /// <param name="info">Factor, channels, labels.</param>
    /// <param name="profile">Of a thick slice.</param>
    /// <param name="options">Patch size and flips.</param>
    public SmorePatchSampler(IReadOnlyList<SeedVolume> cases, SelfSrModelInfo info, SliceProfile profile, SmoreOptions options)
    {
        (_cases, _factor, _channels, _classes, _profile, _weights, _flipProbability) = (cases, info.Factor, info.ImageChannels, info.Labels.Length, profile, [.. profile.Weights], options.FlipProbability);
        (_lead, _trail) = (Math.Max(0, -profile.First), Math.Max(0, profile.First + profile.Weights.Count - info.Factor));
        int largest = cases.Max(c => Math.Max(c.Height, c.Width));
        (Rows, Columns) = (Math.Min(options.PatchSlices, (largest + _factor - 1) / _factor), Math.Min(options.PatchSize, largest));
    }

    /// <summary>Thick rows H of a sample.</summary>
    public int Rows { get; }
    /// <summary>Columns W of a sample.</summary>
    public int Columns { get; }

    /// <summary>Where a patch lies and how it is turned. <paramref name="AlongX"/>: rows run along x, columns along y; else the other way.</summary>
    internal readonly record struct Placement(int Case, int Slice, bool AlongX, int Row, int Column, bool FlipRows, bool FlipColumns);

    /// <summary>Draws and renders <paramref name="count"/> samples.</summary>
    public SmoreBatch Draw(int count, Random random)
    {
        int thick = (_channels + _classes - 1) * Rows * Columns, thin = _factor * Rows * Columns;
        var batch = new SmoreBatch(count, new float[count * thick], new float[count * _channels * thin], new byte[count * thin]);
        var scratch = new float[(_lead + _factor * Rows + _trail) * Columns];
        for (int b = 0; b < count; b++)
            Render(Place(random), batch.Thick.AsSpan(b * thick, thick), batch.Image.AsSpan(b * _channels * thin, _channels * thin), batch.Label.AsSpan(b * thin, thin), scratch);
        return batch;
    }

    /// <summary>Random case, slice, axis, position (uniform over all that lie within the slice, or around it where it is smaller than the patch) and flips.</summary>
    internal Placement Place(Random random)
    {
        int item = random.Next(_cases.Count), slice = random.Next(_cases[item].Depth);
        bool alongX = random.Next(2) == 0;
        var (rows, columns) = alongX ? (_cases[item].Width, _cases[item].Height) : (_cases[item].Height, _cases[item].Width);
        int Start(int size, int patch) => random.Next(Math.Min(0, size - patch), Math.Max(0, size - patch) + 1);
        bool Flip() => random.NextDouble() < _flipProbability;
        return new(item, slice, alongX, Start(rows, _factor * Rows), Start(columns, Columns), Flip(), Flip());
    }

    /// <summary>Renders one sample; <paramref name="sharp"/> is scratch.</summary>
    internal void Render(Placement at, Span<float> thick, Span<float> image, Span<byte> label, float[] sharp)
    {
        var item = _cases[at.Case];
        int thinRows = _factor * Rows, area = item.Height * item.Width, volume = item.Depth * area;
        int[] slice = [at.Slice * area];
        int[] rows = ThickSlicePatchSampler.Offsets(_lead + thinRows + _trail, at.Row, _lead, thinRows, at.AlongX ? item.Width : item.Height, at.AlongX ? 1 : item.Width, at.FlipRows);
        int[] columns = ThickSlicePatchSampler.Offsets(Columns, at.Column, 0, Columns, at.AlongX ? item.Height : item.Width, at.AlongX ? item.Width : 1, at.FlipColumns);
        for (int c = 0; c < _channels; c++)
        {
            ThickSlicePatchSampler.Gather(item.Image.AsSpan(c * volume, volume), slice, rows, columns, sharp.AsSpan());
            sharp.AsSpan(_lead * Columns, thinRows * Columns).CopyTo(image[(c * thinRows * Columns)..]);
            for (int i = 0; i < Rows; i++)
            {
                var row = thick.Slice((c * Rows + i) * Columns, Columns);
                row.Clear();
                for (int w = 0; w < _weights.Length; w++)
                    TensorPrimitives.MultiplyAdd(sharp.AsSpan((_lead + i * _factor + _profile.First + w) * Columns, Columns), _weights[w], row, row);
            }
        }
        ThickSlicePatchSampler.Gather(item.Label, slice, rows.AsSpan(_lead, thinRows), columns, label);
        var foreground = thick[(_channels * Rows * Columns)..];
        foreground.Clear();
        for (int i = 0; i < Rows; i++)
            ThickSlicePatchSampler.MarkMajority(label.Slice(i * _factor * Columns, _factor * Columns), foreground[(i * Columns)..], Columns, Rows * Columns, _factor, at.FlipRows);
    }
}
