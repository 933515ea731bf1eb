using REHRSeg.Imaging;

namespace REHRSeg;

/// <summary>A folder of image frames as a film.</summary>
/// <param name="name">What messages call it.</param>
/// <param name="folder">Where the frames lie.</param>
/// <param name="files">Their names in the order of time.</param>
/// <param name="cache">Of decoded frames.</param>
internal sealed class ImageVideo(string name, string folder, string[] files, FrameCache cache) : IFrameVideo
{
    public string Name => name;
    public string Group => name;
    public int Frames => files.Length;
    public int Height { get; private set; }
    public int Width { get; private set; }

    /// <summary>Bytes of all files, to recognise the film by.</summary>
    public long Bytes { get; private set; }

    /// <summary>Reads every frame's header.</summary>
    /// <exception cref="DatasetException">Too few frames, an undecodable one, mixed sizes, or frames smaller than the patch.</exception>
    public void Check(FrameClip clip, int patch)
    {
        if (files.Length < clip.Length)
            throw new DatasetException($"{folder} has {files.Length} frame(s); a clip with {clip.Outputs} target frame(s) takes {clip.Length}. Add frames, remove the folder{(clip.Outputs > 1 ? ", or ask for fewer outputs" : "")}.");
        for (int i = 0; i < files.Length; i++)
        {
            string file = Path.Combine(folder, files[i]);
            if (!File.Exists(file)) throw new DatasetException($"{file} is missing. Restore it, or remove its film from the list and the folder.");
            var (height, width) = FrameImage.ReadSize(file);
            if (i == 0) (Height, Width) = (height, width);
            if (height != Height || width != Width)
                throw new DatasetException($"{file} has {width}x{height} pixels, {files[0]} in the same folder has {Width}x{Height}. Give all frames of a film one size; other films go into folders of their own.");
            Bytes += new FileInfo(file).Length;
        }
        if (Height < patch || Width < patch)
            throw new DatasetException($"{folder} has frames of {Width}x{Height} pixels, smaller than the patch of {patch}. Lower the patch size to {Math.Min(Height, Width) / 8 * 8}, or remove the folder{(Math.Min(Height, Width) < 8 ? ": frames need at least 8x8" : "")}.");
    }

    public void Read(int frame, ReadOnlySpan<int> rows, ReadOnlySpan<int> columns, Span<float> colours)
    {
        string file = Path.Combine(folder, files[frame]);
        byte[] source = cache.Get(file);
        if (source.Length != Height * Width * 3) throw new DatasetException($"{file} has changed its size since the training began. Restore it.");
        int plane = rows.Length * columns.Length, to = 0;
        foreach (int row in rows)
            foreach (int column in columns)
            {
                int from = (row * Width + column) * 3;
                colours[to] = source[from] / 255f;
                colours[plane + to] = source[from + 1] / 255f;
                colours[2 * plane + to++] = source[from + 2] / 255f;
            }
    }
}
