using REHRSeg.Imaging;

namespace REHRSeg.Onnx;

/// <summary>Collects the r thin slices of each thick slice into whole volumes of r*D slices, in native intensities and label values.</summary>
internal sealed class ThinStack(MLVolume thick, MLVolume thickLabel, IntensityRange[] ranges, SelfSrModelInfo info)
{
    readonly VolumeGeometry _geometry = thick.Geometry.Refine(info.Factor, SliceAxis.Z);
    readonly float[] _image = new float[info.ImageChannels * info.Factor * thick.Geometry.VoxelCount];
    readonly float[] _label = new float[info.Factor * thick.Geometry.VoxelCount];
    readonly float[] _uncertainty = new float[info.Factor * thick.Geometry.VoxelCount];

    /// <summary>Takes one window's outputs, <c>C|L|1 x r x paddedHeight x paddedWidth</c>.</summary>
    public void Store(int slice, int paddedHeight, int paddedWidth, ReadOnlySpan<float> image, ReadOnlySpan<float> logits, ReadOnlySpan<float> uncertainty)
    {
        int factor = info.Factor, width = thick.Width, plane = paddedHeight * paddedWidth;
        for (int t = 0; t < factor; t++)
            for (int y = 0; y < thick.Height; y++)
            {
                int from = t * plane + y * paddedWidth, to = ((slice * factor + t) * thick.Height + y) * width;
                uncertainty.Slice(from, width).CopyTo(_uncertainty.AsSpan(to, width));
                StoreLabels(logits, from, factor * plane, _label.AsSpan(to, width));
                for (int c = 0; c < ranges.Length; c++)
                    StoreIntensities(c, slice * factor + t, y, image.Slice(c * factor * plane + from, width), _image.AsSpan(c * _label.Length + to, width));
            }
        if (info.Consistency.HasFlag(SliceConsistency.Labels)) RestoreLabels(slice, paddedHeight, paddedWidth, logits);
    }

    /// <summary>The volumes with the slice axis where the file has it. Takes the stack's memory over: no further use of it.</summary>
    public SuperResolutionResult ToResult(SliceAxis axis)
    {
        if (info.Consistency.HasFlag(SliceConsistency.Image) && info.Profile is { } profile) ImageConsistency.Restore(_image, thick, profile);
        if (axis == SliceAxis.Z) return Result(_geometry, _image, _label, _uncertainty);
        // Volumes of this size are few: each moves into the memory that the one before has left.
        var label = Turned(_label, new float[_label.Length]);
        var uncertainty = Turned(_uncertainty, _label);
        var image = Turned(_image, info.ImageChannels == 1 ? _uncertainty : new float[_image.Length]);
        return Result(_geometry.SwapAxes(axis, SliceAxis.Z), image, label, uncertainty);

        SuperResolutionResult Result(VolumeGeometry geometry, float[] image, float[] label, float[] uncertainty) => new(new(geometry, image, info.ImageChannels), new(geometry, label), new(geometry, uncertainty));
        float[] Turned(float[] from, float[] to)
        {
            MLVolume.SwapAxes(from, _geometry, axis, SliceAxis.Z, to);
            return to;
        }
    }

    void RestoreLabels(int slice, int paddedHeight, int paddedWidth, ReadOnlySpan<float> logits)
    {
        int factor = info.Factor, area = thick.Height * thick.Width, plane = paddedHeight * paddedWidth;
        var classes = new int[factor];
        var scores = new float[info.LabelChannels * factor];
        var known = thickLabel.Voxels.Slice(slice * area, area);
        var thin = _label.AsSpan(slice * factor * area, factor * area);
        for (int i = 0; i < area; i++)
        {
            int from = i / thick.Width * paddedWidth + i % thick.Width;
            for (int t = 0; t < factor; t++) classes[t] = ClassOf(thin[t * area + i]);
            for (int s = 0; s < scores.Length; s++) scores[s] = logits[s * plane + from];
            if (!LabelConsistency.Restore(classes, scores, ClassOf(known[i]))) continue;
            for (int t = 0; t < factor; t++) thin[t * area + i] = info.Labels[classes[t]].Value;
        }
    }

    int ClassOf(float value)
    {
        for (int k = 0; k < info.Labels.Length; k++)
            if (info.Labels[k].Value == value) return k;
        throw new ArgumentException($"The label value {value} is not among the model's.");
    }

    void StoreLabels(ReadOnlySpan<float> logits, int from, int stride, Span<float> row)
    {
        for (int x = 0; x < row.Length; x++)
        {
            (float best, int winner) = (0, 0);
            for (int l = 0; l < info.LabelChannels; l++)
                if (logits[l * stride + from + x] > best) (best, winner) = (logits[l * stride + from + x], l + 1);
            row[x] = info.Labels[winner].Value;
        }
    }

    void StoreIntensities(int channel, int thinSlice, int y, ReadOnlySpan<float> values, Span<float> row)
    {
        var range = ranges[channel];
        double position = Math.Clamp((thinSlice + 0.5) / info.Factor - 0.5, 0, thick.Depth - 1);
        int below = (int)position;
        float weight = (float)(position - below);
        var source = thick.Channel(channel);
        var a = source.Slice((below * thick.Height + y) * thick.Width, thick.Width);
        var b = source.Slice((Math.Min(below + 1, thick.Depth - 1) * thick.Height + y) * thick.Width, thick.Width);
        for (int x = 0; x < row.Length; x++)
            row[x] = range.Restore(Math.Clamp(values[x], 0f, 1f)) + (1 - weight) * range.Excess(a[x]) + weight * range.Excess(b[x]);
    }
}
