using System.Buffers;
using System.Numerics;
using System.Runtime.InteropServices;

namespace REHRSeg;

/// <summary>How a filter sees values beyond a line's ends.</summary>
internal enum LineEnd
{
    /// <summary>d c b a | a b c d | d c b a (scipy's "reflect").</summary>
    Mirror,
    /// <summary>a a a a | a b c d | d d d d (scipy's "nearest").</summary>
    Repeat,
}

/// <summary>
/// <c>y[i] = h[0] x[i] + sum over k of h[k] (x[i-k] + x[i+k])</c> along one axis, in place. Lines are held side by side, so that every step is a vector
/// operation along whichever axis. Results do not depend on the vector width.
/// </summary>
internal static class SymmetricFilter
{
    /// <summary>Values of a row that are worked on at once: all rows of a block stay in the cache.</summary>
    const int Block = 128;

    /// <summary>Filters a row-major array <c>outer x n x inner</c> along its middle axis.</summary>
    /// <param name="x">Values.</param>
    /// <param name="n">Length of a line.</param>
    /// <param name="inner">Distance between neighbours of a line.</param>
    /// <param name="half">Weights h of the centre and of one side.</param>
    /// <param name="end">What lies beyond the ends.</param>
    public static void Apply(Span<float> x, int n, int inner, ReadOnlySpan<float> half, LineEnd end)
    {
        int reach = half.Length - 1, block = Math.Min(inner, Block);
        float[] rented = ArrayPool<float>.Shared.Rent((n + 2 * reach) * block);
        for (int outer = 0; outer < x.Length; outer += n * inner)
            for (int start = 0; start < inner; start += block)
            {
                int count = Math.Min(block, inner - start);
                var lines = rented.AsSpan(0, (n + 2 * reach) * count);
                var source = x.Slice(outer + start);
                if (count == inner) source[..(n * inner)].CopyTo(lines[(reach * count)..]);
                else for (int i = 0; i < n; i++) source.Slice(i * inner, count).CopyTo(lines[((reach + i) * count)..]);
                for (int k = 1; k <= reach; k++)
                {
                    source.Slice(Beyond(-k, n, end) * inner, count).CopyTo(lines[((reach - k) * count)..]);
                    source.Slice(Beyond(n - 1 + k, n, end) * inner, count).CopyTo(lines[((reach + n - 1 + k) * count)..]);
                }
                if (count == inner) Filter(lines, source[..(n * inner)], count, half);
                else for (int i = 0; i < n; i++) Filter(lines[(i * count)..], source.Slice(i * inner, count), count, half);
            }
        ArrayPool<float>.Shared.Return(rented);
    }

    static void Filter(ReadOnlySpan<float> lines, Span<float> result, int step, ReadOnlySpan<float> half)
    {
        int centre = (half.Length - 1) * step, i = 0;
        ref float from = ref MemoryMarshal.GetReference(lines);
        ref float to = ref MemoryMarshal.GetReference(result);
        for (; i <= result.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            var sum = Vector.LoadUnsafe(ref from, (nuint)(centre + i)) * half[0];
            for (int k = 1, offset = step; k < half.Length; k++, offset += step)
                sum += (Vector.LoadUnsafe(ref from, (nuint)(centre + i - offset)) + Vector.LoadUnsafe(ref from, (nuint)(centre + i + offset))) * half[k];
            sum.StoreUnsafe(ref to, (nuint)i);
        }
        for (; i < result.Length; i++)
        {
            float sum = lines[centre + i] * half[0];
            for (int k = 1, offset = step; k < half.Length; k++, offset += step) sum += (lines[centre + i - offset] + lines[centre + i + offset]) * half[k];
            result[i] = sum;
        }
    }

    static int Beyond(int i, int n, LineEnd end)
    {
        if (end == LineEnd.Repeat) return Math.Clamp(i, 0, n - 1);
        i = (i % (2 * n) + 2 * n) % (2 * n);
        return i < n ? i : 2 * n - 1 - i;
    }
}
