using REHRSeg.Imaging;

namespace REHRSeg;

/// <summary>Finds faults of training cases before hours of work.</summary>
internal static class TrainingCaseCheck
{
    /// <summary>Largest label value that is taken for a label and not for an intensity.</summary>
    const int MaxLabel = 255;

    /// <exception cref="DatasetException">No cases, differing channel counts, voxels that are no label or not finite, no known slice axis or factor.</exception>
    /// <exception cref="GeometryMismatchException">A label map off its image's grid.</exception>
    public static void Run(IReadOnlyList<TrainingCase> cases, TrainerOptions options, IReadOnlyList<LabelClass>? labels)
    {
        if (cases.Count == 0) throw new DatasetException("There are no training rows. Load at least one annotated case.");
        if (options.Factor is < 2) throw new ArgumentOutOfRangeException(nameof(options), $"Factor is {options.Factor}; it must be at least 2.");
        if (options.CheckpointInterval < 1) throw new ArgumentOutOfRangeException(nameof(options), $"CheckpointInterval is {options.CheckpointInterval}; it must be at least 1.");
        if (options.Resume && options.CheckpointDirectory is null) throw new ArgumentException("Resume needs a CheckpointDirectory.", nameof(options));
        var allowed = labels?.Select(l => l.Value).ToHashSet();
        bool foreground = false;
        foreach (var (id, image, label) in cases)
        {
            image.RequireSameGrid(label, $"Image of case {id}", $"label map of case {id}");
            if (image.Channels != cases[0].Image.Channels)
                throw new DatasetException($"Case {id}: the image has {image.Channels} channel(s), that of case {cases[0].Id} {cases[0].Image.Channels}. Give every case the same channels.");
            if (label.Channels != 1) throw new DatasetException($"Case {id}: the label map has {label.Channels} channels. Give one channel of label values.");
            foreach (float v in image.Voxels)
                if (!float.IsFinite(v)) throw new DatasetException($"Case {id}: the image holds {v}. Replace voxels that are not finite.");
            foreach (float v in label.Voxels)
            {
                if (v is not (>= 0 and <= MaxLabel) || v != (int)v) throw new DatasetException($"Case {id}: the label map holds {v}. Labels are whole numbers from 0 to {MaxLabel}; are image and label columns exchanged?");
                if (allowed is not null && !allowed.Contains((int)v)) throw new DatasetException($"Case {id}: the label map holds {v}, which is not among the named labels ({string.Join(", ", allowed)}). Name it, or correct the map.");
                foreground |= v != 0;
            }
            CheckFactor(id, image.Geometry, options);
        }
        if (!foreground) throw new DatasetException("No label map holds anything but background 0. Are the right label files in the label column?");
    }

    static void CheckFactor(string id, VolumeGeometry geometry, TrainerOptions options)
    {
        if (options.Axis is null && options.Factor is null && geometry.DetectSliceAxis() is null)
            throw new DatasetException($"Case {id}: the spacing ({string.Join(", ", geometry.Spacing)} mm) is the same along all axes, so it tells neither slice axis nor factor. Set Options.Axis and Options.Factor.");
    }
}
