using System.Globalization;
using System.Numerics;
using System.Runtime.InteropServices;

namespace REHRSeg;

/// <summary>
/// xoshiro256** as a <see cref="Random"/> whose state can be stored: the same seed gives the same sequence on every platform and
/// .NET version, and a restored state continues it. Not thread-safe.
/// </summary>
internal sealed class SeededRandom : Random
{
    ulong _a, _b, _c, _d;

    /// <summary>Starts the sequence of <paramref name="seed"/>.</summary>
    public SeededRandom(ulong seed)
    {
        _a = TrainingSeeds.Mix(ref seed);
        _b = TrainingSeeds.Mix(ref seed);
        _c = TrainingSeeds.Mix(ref seed);
        _d = TrainingSeeds.Mix(ref seed);
    }

    /// <summary>The 256 bits of state as 64 hexadecimal digits.</summary>
    /// <exception cref="FormatException">Set to something else.</exception>
    public string State
    {
        get => string.Create(CultureInfo.InvariantCulture, $"{_a:x16}{_b:x16}{_c:x16}{_d:x16}");
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            if (value.Length != 64) throw new FormatException($"A generator state has 64 hexadecimal digits, not {value.Length}.");
            ulong Word(int i) => ulong.Parse(value.AsSpan(16 * i, 16), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
            var (a, b, c, d) = (Word(0), Word(1), Word(2), Word(3));
            if ((a | b | c | d) == 0) throw new FormatException("A generator state of zeros cannot continue.");
            (_a, _b, _c, _d) = (a, b, c, d);
        }
    }

    /// <summary>The next 64 random bits.</summary>
    public ulong NextUInt64()
    {
        ulong result = BitOperations.RotateLeft(_b * 5, 7) * 9, t = _b << 17;
        _c ^= _a;
        _d ^= _b;
        _b ^= _c;
        _a ^= _d;
        _c ^= t;
        _d = BitOperations.RotateLeft(_d, 45);
        return result;
    }

    /// <summary>A number of the standard normal distribution (Box-Muller; always uses two draws).</summary>
    public double NextGaussian()
    {
        double radius = Math.Sqrt(-2 * Math.Log(1 - NextDouble()));
        return radius * Math.Cos(2 * Math.PI * NextDouble());
    }

    /// <inheritdoc/>
    public override double NextDouble() => (NextUInt64() >> 11) * (1.0 / (1UL << 53));
    /// <inheritdoc/>
    public override float NextSingle() => (NextUInt64() >> 40) * (1.0f / (1U << 24));
    /// <inheritdoc/>
    protected override double Sample() => NextDouble();
    /// <inheritdoc/>
    public override int Next() => (int)Below(int.MaxValue);

    /// <inheritdoc/>
    public override int Next(int maxValue)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(maxValue);
        return (int)Below((ulong)maxValue);
    }

    /// <inheritdoc/>
    public override int Next(int minValue, int maxValue)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(minValue, maxValue);
        return (int)(minValue + (long)Below((ulong)((long)maxValue - minValue)));
    }

    /// <inheritdoc/>
    public override long NextInt64() => (long)Below(long.MaxValue);

    /// <inheritdoc/>
    public override long NextInt64(long maxValue)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(maxValue);
        return (long)Below((ulong)maxValue);
    }

    /// <inheritdoc/>
    public override long NextInt64(long minValue, long maxValue)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(minValue, maxValue);
        return (long)((ulong)minValue + Below((ulong)maxValue - (ulong)minValue));
    }

    /// <inheritdoc/>
    public override void NextBytes(byte[] buffer)
    {
        ArgumentNullException.ThrowIfNull(buffer);
        NextBytes(buffer.AsSpan());
    }

    /// <inheritdoc/>
    public override void NextBytes(Span<byte> buffer)
    {
        for (; !buffer.IsEmpty; buffer = buffer[Math.Min(8, buffer.Length)..])
        {
            ulong word = NextUInt64();
            MemoryMarshal.AsBytes(new ReadOnlySpan<ulong>(in word))[..Math.Min(8, buffer.Length)].CopyTo(buffer);
        }
    }

    ulong Below(ulong limit)
    {
        if (limit <= 1) return 0;
        ulong high = Math.BigMul(NextUInt64(), limit, out ulong low);
        if (low < limit)
        {
            ulong threshold = (0UL - limit) % limit;
            while (low < threshold) high = Math.BigMul(NextUInt64(), limit, out low);
        }
        return high;
    }
}
