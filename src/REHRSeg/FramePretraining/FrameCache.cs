namespace REHRSeg;

/// <summary>Decoded frames, the least recently used of which go first. Thread-safe; frames are decoded outside the lock, so that two threads may decode the same.</summary>
/// <param name="capacity">Bytes that are kept.</param>
internal sealed class FrameCache(long capacity)
{
    readonly Lock _lock = new();
    readonly Dictionary<string, LinkedListNode<(string File, byte[] Colours)>> _frames = new(StringComparer.Ordinal);
    readonly LinkedList<(string File, byte[] Colours)> _used = [];

    /// <summary>Bytes held.</summary>
    public long Held { get; private set; }

    /// <summary>The frame's <c>H x W x 3</c> bytes.</summary>
    public byte[] Get(string file)
    {
        lock (_lock)
        {
            if (_frames.TryGetValue(file, out var node))
            {
                _used.Remove(node);
                _used.AddLast(node);
                return node.Value.Colours;
            }
        }
        byte[] colours = FrameImage.Read(file);
        lock (_lock)
        {
            if (colours.Length > capacity || _frames.ContainsKey(file)) return colours;
            _frames.Add(file, _used.AddLast((file, colours)));
            Held += colours.Length;
            while (Held > capacity && _used.First is { } oldest)
            {
                _used.RemoveFirst();
                _frames.Remove(oldest.Value.File);
                Held -= oldest.Value.Colours.Length;
            }
        }
        return colours;
    }
}
