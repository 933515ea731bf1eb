namespace REHRSeg.Imaging;

/// <summary>
/// The whole-pixel translation that brings a shape over its counterparts with the largest overlap: a breadth-first search over translations
/// from none and from the difference of the centroids (Zukić et al., Insight Journal 2016).
/// </summary>
internal static class ShapeAlignment
{
    /// <summary>Translations that are looked at in any case, and those that are looked at while the overlap stays good (METHOD.md 10.2).</summary>
    const int Least = 8, Most = 216;

    /// <summary>Share of the best overlap from which on the search goes on around a translation.</summary>
    const double Good = 0.9;

    /// <param name="shape">Shape to move.</param>
    /// <param name="field">Box that limits where the shape may come from.</param>
    /// <param name="targets">Shapes that must all be touched.</param>
    /// <param name="targetField">Box that limits where the targets may lie.</param>
    public static (int X, int Y) Find(PlaneShape shape, PlaneBox field, ReadOnlySpan<PlaneShape> targets, PlaneBox targetField)
    {
        // Every translation under which the two boxes have a pixel in common.
        var search = new PlaneBox(targetField.X - field.Right + 1, targetField.Y - field.Bottom + 1, field.Width + targetField.Width - 1, field.Height + targetField.Height - 1);
        int least = Math.Min(Least, search.Area), most = Math.Max(Most, (int)Math.Sqrt(search.Area));
        var (from, to) = (PlaneShape.Centroid(shape), PlaneShape.Centroid(targets));
        var overlap = new OverlapCounter(shape, targets);
        var (best, bestScore) = ((X: 0, Y: 0), 0);
        var waiting = new Queue<(int X, int Y)>([(0, 0), (to.X - from.X, to.Y - from.Y)]);
        var known = new HashSet<(int X, int Y)>(waiting);
        int pushed = 0;
        while (waiting.TryDequeue(out var at))
        {
            int score = overlap.Count(at);
            if (score > bestScore) (best, bestScore) = (at, score);
            if (bestScore > 0 && pushed > least && !(score > bestScore * Good && pushed <= most)) continue;
            foreach (var next in ((int X, int Y)[])[(at.X - 1, at.Y), (at.X + 1, at.Y), (at.X, at.Y - 1), (at.X, at.Y + 1)])
            {
                if (!search.Contains(next.X, next.Y) || !known.Add(next)) continue;
                waiting.Enqueue(next);
                pushed++;
            }
        }
        return best;
    }

    /// <summary>Counts the pixels of a moved shape that lie on its targets; 0 if a target is missed.</summary>
    sealed class OverlapCounter
    {
        readonly PlaneShape _shape;
        readonly PlaneBox _box;
        readonly int[] _target, _hits;

        public OverlapCounter(PlaneShape shape, ReadOnlySpan<PlaneShape> targets)
        {
            (_shape, _box) = (shape, targets[0].Box);
            foreach (var target in targets) _box = _box.Union(target.Box);
            (_target, _hits) = (new int[_box.Area], new int[targets.Length + 1]);
            for (int k = 0; k < targets.Length; k++)
                foreach (var (x, y) in targets[k].Pixels()) _target[(y - _box.Y) * _box.Width + x - _box.X] = k + 1;
        }

        public int Count((int X, int Y) shift)
        {
            var common = _shape.Box.Moved(shift).Intersect(_box);
            Array.Clear(_hits);
            for (int y = common.Y; common.Width > 0 && y < common.Bottom; y++)
            {
                var row = _shape.Row(y - shift.Y).Slice(common.X - shift.X - _shape.Box.X, common.Width);
                var targets = _target.AsSpan((y - _box.Y) * _box.Width + common.X - _box.X, common.Width);
                for (int i = 0; i < row.Length; i++) if (row[i]) _hits[targets[i]]++;
            }
            int sum = 0;
            foreach (int hits in _hits.AsSpan(1))
            {
                if (hits == 0) return 0;
                sum += hits;
            }
            return sum;
        }
    }
}
