using System.Collections;
using System.Diagnostics.CodeAnalysis;
using System.IO.MemoryMappedFiles;
using System.Runtime.CompilerServices;

namespace REHRSeg;

/// <summary>Values of a case that are read only: an array, or a part of a memory-mapped file (<see cref="CaseCacheFile"/>).</summary>
[CollectionBuilder(typeof(CaseArray), nameof(CaseArray.Create))]
internal sealed unsafe class CaseArray<T> : IReadOnlyList<T> where T : unmanaged
{
    readonly T[]? _values;
    readonly MemoryMappedViewAccessor? _view;
    readonly long _offset;

    /// <summary>Wraps an array.</summary>
    public CaseArray(T[] values) => (_values, Length) = (values, values.Length);

    /// <summary>Part of a mapped file; the view is its owner's to dispose.</summary>
    public CaseArray(MemoryMappedViewAccessor view, long offset, int length) => (_view, _offset, Length) = (view, view.PointerOffset + offset, length);

    /// <summary>Number of values.</summary>
    public int Length { get; }
    int IReadOnlyCollection<T>.Count => Length;
    /// <summary>One value.</summary>
    public T this[int index] => AsSpan()[index];

    /// <summary>Wraps an array.</summary>
    [return: NotNullIfNotNull(nameof(values))]
    public static implicit operator CaseArray<T>?(T[]? values) => values is null ? null : new(values);

    /// <summary>All values, for as long as the case is in use.</summary>
    /// <exception cref="ObjectDisposedException">The mapped file was released.</exception>
    public ReadOnlySpan<T> AsSpan()
    {
        if (_view is null) return _values;
        var handle = _view.SafeMemoryMappedViewHandle;
        ObjectDisposedException.ThrowIf(handle.IsClosed, this);
        return new((byte*)handle.DangerousGetHandle() + _offset, Length);
    }

    /// <summary>Some values.</summary>
    public ReadOnlySpan<T> AsSpan(int start, int length) => AsSpan().Slice(start, length);

    /// <summary>A copy.</summary>
    public T[] ToArray() => AsSpan().ToArray();

    /// <inheritdoc/>
    public IEnumerator<T> GetEnumerator()
    {
        for (int i = 0; i < Length; i++) yield return this[i];
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}

/// <summary>Collection expressions of <see cref="CaseArray{T}"/>.</summary>
internal static class CaseArray
{
    /// <summary>A copy of the values.</summary>
    public static CaseArray<T> Create<T>(ReadOnlySpan<T> values) where T : unmanaged => new(values.ToArray());
}
