namespace REHRSeg.Imaging;

/// <summary>One class between two slices: each component moves and changes into its counterparts by medians of medians (Albu et al. 2008).</summary>
/// <param name="plane">The slice's box; what leaves it is cut off.</param>
/// <param name="field">The class's bounding box over all slices; limits the alignment.</param>
/// <param name="write">Takes the shapes of the slices between; one slice may get several.</param>
internal sealed class SlicePairInterpolation(PlaneBox plane, PlaneBox field, Action<int, PlaneShape> write)
{
    /// <param name="first">Position and components of one slice.</param>
    /// <param name="second">Position and components of the other.</param>
    public void Run((int Position, IReadOnlyList<PlaneShape> Components) first, (int Position, IReadOnlyList<PlaneShape> Components) second)
    {
        foreach (var step in SliceCorrespondence.Find(first.Components, second.Components))
        {
            var (from, to) = step.Backward ? (second, first) : (first, second);
            var shape = from.Components[step.Component];
            PlaneShape[] targets = [.. step.Targets.Select(t => to.Components[t])];
            if (targets.Length == 0) Close(from.Position, shape, to.Position);
            else Continue(from.Position, shape, to.Position, targets);
        }
    }

    /// <summary>Shrinks to a point in the other slice: the centroid, or the nearest pixel to it that the search finds in the shape.</summary>
    void Close(int from, PlaneShape shape, int to)
    {
        var (x, y) = PlaneShape.Centroid(shape);
        var point = PlaneShape.Point(x, y);
        var shift = ShapeAlignment.Find(shape, field, [point], new(x - 1, y - 1, 3, 3));
        Blend(from, shape, to, point.Moved((-shift.X, -shift.Y)), (0, 0));
    }

    void Continue(int from, PlaneShape shape, int to, PlaneShape[] targets)
    {
        var shift = ShapeAlignment.Find(shape, field, targets, field);
        PlaneShape[] parts = targets.Length == 1 ? [shape] : ShapeSplitting.Split(shape, [.. targets.Select(t => t.Moved((-shift.X, -shift.Y)))]);
        for (int k = 0; k < targets.Length; k++) Blend(from, parts[k], to, targets[k], shift);
    }

    /// <summary>The median in the middle slice, both shapes moved towards each other by half the translation; then the same on either side of it.</summary>
    void Blend(int from, PlaneShape shape, int to, PlaneShape target, (int X, int Y) shift)
    {
        // Two odd translations round in opposite ways; a single one rounds the slice.
        bool oddX = int.IsOddInteger(shift.X), oddY = int.IsOddInteger(shift.Y);
        (int X, int Y) forth = (shift.X / 2, shift.Y / 2 + (oddX && oddY ? Math.Sign(shift.Y) : 0));
        (int X, int Y) back = (forth.X - shift.X, forth.Y - shift.Y);
        int middle = (from + to + (oddX != oddY ? 1 : 0)) / 2;
        var median = MedianShape.Between(shape.Moved(forth), target.Moved(back)).Clipped(plane);
        write(middle, median);
        if (Math.Abs(from - middle) > 1) Blend(from, shape, middle, median, forth);
        if (Math.Abs(to - middle) > 1) Blend(to, target, middle, median, back);
    }
}
