using System.Collections.Immutable;
using REHRSeg.Imaging;
using REHRSeg.Onnx;

namespace REHRSeg;

/// <summary>From volumes in their file's orientation to cases that patches are drawn from: one preprocessing for training and scoring (METHOD.md 12 #19).</summary>
/// <param name="info">Target spacing, normalisation and labels of the model in training.</param>
/// <param name="teacherRange">Quantiles of an image that become 0 and 1 for the self-SR teacher; null: no teacher.</param>
/// <param name="seed">Seed of the training.</param>
/// <param name="cache">Where prepared cases are kept; null: in memory.</param>
internal sealed class CasePreparation(SegmentationModelInfo info, (double Low, double High)? teacherRange, int seed, CaseCache? cache = null)
{
    readonly Dictionary<int, byte> _classOf = info.Labels.Select((l, i) => (l.Value, (byte)i)).ToDictionary(p => p.Value, p => p.Item2);

    /// <summary>Prepares real cases.</summary>
    /// <exception cref="DatasetException">A label value has no name.</exception>
    public SegmentationCase[] Real(IReadOnlyList<TrainingCase> cases, Func<VolumeGeometry, SliceAxis> axisOf, CancellationToken cancellationToken)
        => ForEach(cases, (c, _) => Prepare(c.Id, c.Image, c.Label, null, null, axisOf(c.Image.Geometry)), cancellationToken);

    /// <summary>Prepares pseudo pairs. The thin labels and the uncertainty take the thick image's crop and resampling.</summary>
    /// <exception cref="DatasetException">A label value has no name.</exception>
    public SegmentationCase[] Pseudo(IReadOnlyList<PseudoSample> samples, CancellationToken cancellationToken)
        => ForEach(samples, (s, i) => Prepare($"pseudo pair {i} (start {s.Start})", s.Image, s.Label, s.HrLabel, s.Uncertainty, RefinedAxis(s, info.Factor)!.Value), cancellationToken);

    /// <summary>The one axis along which the thin labels have r times the slices; null: there is none.</summary>
    public static SliceAxis? RefinedAxis(PseudoSample sample, int factor)
    {
        foreach (var axis in Enum.GetValues<SliceAxis>())
            if (sample.Image.Geometry.Refine(factor, axis).Size.SequenceEqual(sample.HrLabel.Geometry.Size)) return axis;
        return null;
    }

    SegmentationCase Prepare(string id, MLVolume image, MLVolume label, MLVolume? hrLabel, MLVolume? uncertainty, SliceAxis axis)
        => cache is null
            ? Compute(id, image, label, hrLabel, uncertainty, axis)
            : cache.GetOrAdd(CaseKey.Of(info, teacherRange, seed, axis, image, label, hrLabel, uncertainty), id, () => Compute(id, image, label, hrLabel, uncertainty, axis));

    SegmentationCase Compute(string id, MLVolume image, MLVolume label, MLVolume? hrLabel, MLVolume? uncertainty, SliceAxis axis)
    {
        var sliceFirst = image.SwapAxes(axis, SliceAxis.Z);
        var prepared = SegmentationPreprocessor.Prepare(sliceFirst, info);
        MLVolume OnGrid(MLVolume map, VolumeGeometry grid) => new(grid, map.SwapAxes(axis, SliceAxis.Z).Memory);
        byte[] classes = Classes(SegmentationPreprocessor.PrepareLabel(OnGrid(label, sliceFirst.Geometry), prepared), id);
        return new()
        {
            Id = id,
            Shape = prepared.Shape,
            Channels = prepared.Channels,
            Image = prepared.Voxels,
            Label = classes,
            Factor = info.Factor,
            HrLabel = hrLabel is null ? null : Classes(SegmentationPreprocessor.PrepareLabel(OnGrid(hrLabel, sliceFirst.Geometry.Refine(info.Factor, SliceAxis.Z)), prepared, info.Factor), id),
            Uncertainty = uncertainty is null ? null : SegmentationPreprocessor.PrepareMap(OnGrid(uncertainty, sliceFirst.Geometry), prepared),
            UnitRanges = teacherRange is { } range ? [.. Enumerable.Range(0, image.Channels).Select(c => Unit(IntensityRange.Measure(image.Channel(c), range), prepared.Mean[c], prepared.StandardDeviation[c]))] : [],
            Foreground = SegmentationCase.FindForeground(classes, info.Labels.Length, TrainingSeeds.Random(seed, "foreground")),
        };
    }

    /// <summary>z-score and [0,1] are both linear in the intensity: x = mean + sd z, unit = (x - low) / (high - low).</summary>
    static UnitRange Unit(IntensityRange range, double mean, double deviation)
        => new((float)(deviation / (range.High - range.Low)), (float)((mean - range.Low) / (range.High - range.Low)));

    byte[] Classes(float[] values, string id)
    {
        var classes = new byte[values.Length];
        for (int i = 0; i < values.Length; i++)
            classes[i] = _classOf.TryGetValue((int)values[i], out byte index) && values[i] == (int)values[i]
                ? index
                : throw new DatasetException($"{id}: the label map holds the value {values[i]}, which is none of the named labels ({string.Join(", ", info.Labels.Select(l => l.Value))}). Name it in the labels, or correct the map.");
        return classes;
    }

    static SegmentationCase[] ForEach<T>(IReadOnlyList<T> items, Func<T, int, SegmentationCase> prepare, CancellationToken cancellationToken)
    {
        var result = new SegmentationCase[items.Count];
        try
        {
            Parallel.For(0, items.Count, new ParallelOptions { CancellationToken = cancellationToken }, i => result[i] = prepare(items[i], i));
        }
        catch (AggregateException e) when (e.InnerException is not null)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Capture(e.InnerException).Throw();
        }
        return result;
    }
}
