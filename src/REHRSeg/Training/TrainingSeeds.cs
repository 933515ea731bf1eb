namespace REHRSeg;

/// <summary>Independent seeds for every purpose and iteration, derived from the one seed of a training.</summary>
internal static class TrainingSeeds
{
    /// <summary>The seed of one purpose ("self-sr 1a samples", ...) at one iteration or index.</summary>
    public static ulong Derive(int seed, string purpose, long index = 0)
    {
        ArgumentNullException.ThrowIfNull(purpose);
        ulong hash = 0xcbf29ce484222325;
        foreach (char c in purpose) hash = (hash ^ c) * 0x100000001b3;
        ulong state = hash ^ (uint)seed;
        state = Mix(ref state) ^ (ulong)index;
        return Mix(ref state);
    }

    /// <summary>A generator started at <see cref="Derive"/>.</summary>
    public static SeededRandom Random(int seed, string purpose, long index = 0) => new(Derive(seed, purpose, index));

    /// <summary>One step of SplitMix64.</summary>
    public static ulong Mix(ref ulong state)
    {
        ulong z = state += 0x9e3779b97f4a7c15;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        return z ^ (z >> 31);
    }
}
