namespace REHRSeg.Imaging;

/// <summary>What becomes of one component between two slices.</summary>
/// <param name="Backward">False: from the first slice to the second. True: from the second to the first.</param>
/// <param name="Component">Its index in the slice it comes from.</param>
/// <param name="Targets">Indices of its counterparts in the other slice; none: it ends before that slice.</param>
internal readonly record struct SliceTransition(bool Backward, int Component, int[] Targets);

/// <summary>Which components of two slices continue each other: those that overlap (Albu et al. 2008).</summary>
internal static class SliceCorrespondence
{
    public static List<SliceTransition> Find(IReadOnlyList<PlaneShape> first, IReadOnlyList<PlaneShape> second)
    {
        var transitions = new List<SliceTransition>();
        var pairs = new List<(int A, int B)>();
        for (int a = 0; a < first.Count; a++)
            for (int b = 0; b < second.Count; b++)
                if (Overlap(first[a], second[b])) pairs.Add((a, b));
        var (ofA, ofB) = (new int[first.Count], new int[second.Count]);
        foreach (var (a, b) in pairs) (ofA[a], ofB[b]) = (ofA[a] + 1, ofB[b] + 1);

        for (int a = 0; a < ofA.Length; a++) if (ofA[a] == 0) transitions.Add(new(false, a, []));
        for (int b = 0; b < ofB.Length; b++) if (ofB[b] == 0) transitions.Add(new(true, b, []));

        foreach (var (a, b) in pairs) if (ofA[a] == 1 && ofB[b] == 1) transitions.Add(new(false, a, [b]));
        pairs.RemoveAll(p => ofA[p.A] == 1 && ofB[p.B] == 1);

        foreach (var pair in pairs.ToArray())
        {
            if (!pairs.Contains(pair)) continue;
            var (a, b) = pair;
            if (ofA[a] == 1)
            {
                transitions.Add(new(true, b, [.. pairs.Where(p => p.B == b).Select(p => p.A)]));
                Settle(p => p.B == b);
            }
            else if (ofB[b] == 1)
            {
                transitions.Add(new(false, a, [.. pairs.Where(p => p.A == a).Select(p => p.B)]));
                // As in ITK, the first pair that is left stays open unless it is this one: if its second component also merges, it is split among both.
                var open = pairs[0];
                Settle(p => p == pair || (p.A == a && p != open));
            }
        }
        // What is left is many to many: each first component to all its counterparts.
        foreach (var group in pairs.GroupBy(p => p.A)) transitions.Add(new(false, group.Key, [.. group.Select(p => p.B)]));
        return transitions;

        void Settle(Predicate<(int A, int B)> which)
        {
            foreach (var (a, b) in pairs.FindAll(which)) (ofA[a], ofB[b]) = (ofA[a] - 1, ofB[b] - 1);
            pairs.RemoveAll(which);
        }
    }

    static bool Overlap(PlaneShape a, PlaneShape b)
    {
        var common = a.Box.Intersect(b.Box);
        for (int y = common.Y; common.Width > 0 && y < common.Bottom; y++)
        {
            ReadOnlySpan<bool> rowA = a.Row(y)[(common.X - a.Box.X)..], rowB = b.Row(y)[(common.X - b.Box.X)..];
            for (int x = 0; x < common.Width; x++) if (rowA[x] && rowB[x]) return true;
        }
        return false;
    }
}
