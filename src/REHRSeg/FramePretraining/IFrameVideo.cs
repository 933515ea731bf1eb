namespace REHRSeg;

/// <summary>A film: frames of one size, read on demand. Thread-safe.</summary>
internal interface IFrameVideo
{
    /// <summary>What messages and fingerprints call it.</summary>
    string Name { get; }
    /// <summary>Films of one group (a volume's axes) are held out together.</summary>
    string Group { get; }
    int Frames { get; }
    int Height { get; }
    int Width { get; }

    /// <summary>Cuts a patch out of a frame.</summary>
    /// <param name="frame">0-based.</param>
    /// <param name="rows">Row of the frame for each row of the patch.</param>
    /// <param name="columns">Column of the frame for each column of the patch.</param>
    /// <param name="colours">Receives <c>3 x rows x columns</c> values in [0,1].</param>
    void Read(int frame, ReadOnlySpan<int> rows, ReadOnlySpan<int> columns, Span<float> colours);
}

/// <summary>Consecutive frames of a film.</summary>
internal sealed class VideoPart(IFrameVideo video, int start, int frames) : IFrameVideo
{
    public string Name => FormattableString.Invariant($"{video.Name} from {start}");
    public string Group => video.Group;
    public int Frames => frames;
    public int Height => video.Height;
    public int Width => video.Width;
    public void Read(int frame, ReadOnlySpan<int> rows, ReadOnlySpan<int> columns, Span<float> colours) => video.Read(start + frame, rows, columns, colours);
}
