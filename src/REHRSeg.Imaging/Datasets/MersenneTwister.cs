using System.Numerics;

namespace REHRSeg.Imaging;

/// <summary>MT19937 of Matsumoto and Nishimura (1998), seeded as numpy's <c>RandomState(int)</c> does.</summary>
sealed class MersenneTwister
{
    const int N = 624, M = 397;
    readonly uint[] _state = new uint[N];
    int _next = N;

    internal MersenneTwister(uint seed)
    {
        _state[0] = seed;
        for (uint i = 1; i < N; i++) _state[i] = 1812433253u * (_state[i - 1] ^ (_state[i - 1] >> 30)) + i;
    }

    /// <summary>The next 32 bits.</summary>
    internal uint Next()
    {
        if (_next == N) Twist();
        uint y = _state[_next++];
        y ^= y >> 11;
        y ^= (y << 7) & 0x9D2C5680u;
        y ^= (y << 15) & 0xEFC60000u;
        return y ^ (y >> 18);
    }

    /// <summary>Uniform from 0 to <paramref name="max"/> inclusive: draws masked to max's bits, those above max rejected.</summary>
    internal uint NextAtMost(uint max)
    {
        if (max == 0) return 0;
        uint mask = uint.MaxValue >> BitOperations.LeadingZeroCount(max), value;
        do value = Next() & mask;
        while (value > max);
        return value;
    }

    void Twist()
    {
        for (int i = 0; i < N; i++)
        {
            uint y = (_state[i] & 0x80000000u) | (_state[(i + 1) % N] & 0x7FFFFFFFu);
            _state[i] = _state[(i + M) % N] ^ (y >> 1) ^ ((y & 1) * 0x9908B0DFu);
        }
        _next = 0;
    }
}
