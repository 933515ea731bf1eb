namespace REHRSeg.Imaging;

/// <summary>Keeps the largest connected component of labels.</summary>
/// <remarks>
/// As in nnU-Net v2 (<c>remove_all_but_largest_component_from_segmentation</c>, which labels with scikit-image's full connectivity): voxels that share a corner are connected
/// (26 neighbours), size is the number of voxels, components of equal largest size all stay, and what is removed becomes background. Components are found as a
/// union-find over runs along x: linear in the voxels, with memory for the runs and rows alone.
/// </remarks>
public static class LargestComponent
{
    /// <summary>Applies rules one after another.</summary>
    /// <param name="labels">Label map, one channel, any orientation.</param>
    /// <param name="rules">The whole foreground or one label each, in this order.</param>
    /// <returns>A new map; the same if there is no rule.</returns>
    /// <exception cref="ArgumentException">More than one channel, or a rule for label 0.</exception>
    public static MLVolume Keep(MLVolume labels, params IReadOnlyCollection<LargestComponentRule> rules)
    {
        ArgumentNullException.ThrowIfNull(labels);
        ArgumentNullException.ThrowIfNull(rules);
        if (labels.Channels != 1) throw new ArgumentException($"A label map has one channel; this one has {labels.Channels}.", nameof(labels));
        if (rules.Any(r => r.Label == 0)) throw new ArgumentException("Label 0 is the background, which has no largest component to keep. Name a foreground label.", nameof(rules));
        if (rules.Count == 0) return labels;
        float[] voxels = labels.Memory.ToArray();
        foreach (var rule in rules) Apply(voxels, labels.Geometry, rule);
        return labels.WithVoxels(voxels);
    }

    /// <summary>The same in place.</summary>
    internal static void Apply(Span<float> voxels, VolumeGeometry geometry, LargestComponentRule rule)
    {
        var runs = new Runs(voxels, geometry, rule);
        int largest = runs.Connect();
        runs.ClearSmaller(voxels, largest);
    }

    /// <summary>Runs of voxels along x that a rule is about, and the components that they form.</summary>
    sealed class Runs
    {
        readonly List<(int Start, int End)> _runs = [];
        readonly int[] _firstOfRow;
        readonly int _width, _height, _depth;
        int[] _parent = [];
        int[] _size = [];

        public Runs(ReadOnlySpan<float> voxels, VolumeGeometry geometry, LargestComponentRule rule)
        {
            (_width, _height, _depth) = (geometry.Width, geometry.Height, geometry.Depth);
            _firstOfRow = new int[_height * _depth + 1];
            for (int row = 0; row < _height * _depth; row++)
            {
                var line = voxels.Slice(row * _width, _width);
                _firstOfRow[row] = _runs.Count;
                for (int x = 0; x < _width;)
                {
                    int start = rule.Label is { } label ? line[x..].IndexOf(label) : line[x..].IndexOfAnyExcept(0f);
                    if (start < 0) break;
                    start += x;
                    int length = rule.Label is { } same ? line[start..].IndexOfAnyExcept(same) : line[start..].IndexOf(0f);
                    x = length < 0 ? _width : start + length;
                    _runs.Add((start, x));
                }
            }
            _firstOfRow[^1] = _runs.Count;
        }

        /// <summary>Joins touching runs; the size of the largest component, 0 if there is none.</summary>
        public int Connect()
        {
            _parent = new int[_runs.Count];
            _size = new int[_runs.Count];
            for (int r = 0; r < _runs.Count; r++) (_parent[r], _size[r]) = (r, _runs[r].End - _runs[r].Start);
            for (int z = 0, row = 0; z < _depth; z++)
                for (int y = 0; y < _height; y++, row++)
                {
                    if (y > 0) Join(row, row - 1);
                    if (z == 0) continue;
                    for (int dy = y > 0 ? -1 : 0; dy <= (y < _height - 1 ? 1 : 0); dy++) Join(row, row - _height + dy);
                }
            int largest = 0;
            for (int r = 0; r < _runs.Count; r++) if (_parent[r] == r) largest = Math.Max(largest, _size[r]);
            return largest;
        }

        public void ClearSmaller(Span<float> voxels, int largest)
        {
            for (int row = 0; row < _firstOfRow.Length - 1; row++)
                for (int r = _firstOfRow[row]; r < _firstOfRow[row + 1]; r++)
                    if (_size[Root(r)] < largest) voxels[(row * _width + _runs[r].Start)..(row * _width + _runs[r].End)].Clear();
        }

        /// <summary>Runs of two neighbouring rows touch if they overlap or meet at a corner.</summary>
        void Join(int rowA, int rowB)
        {
            int a = _firstOfRow[rowA], b = _firstOfRow[rowB];
            while (a < _firstOfRow[rowA + 1] && b < _firstOfRow[rowB + 1])
            {
                if (_runs[a].Start <= _runs[b].End && _runs[b].Start <= _runs[a].End) Unite(Root(a), Root(b));
                if (_runs[a].End < _runs[b].End) a++;
                else b++;
            }
        }

        void Unite(int a, int b)
        {
            if (a == b) return;
            if (_size[a] < _size[b]) (a, b) = (b, a);
            (_parent[b], _size[a]) = (a, _size[a] + _size[b]);
        }

        int Root(int r)
        {
            while (_parent[r] != r) r = _parent[r] = _parent[_parent[r]];
            return r;
        }
    }
}
