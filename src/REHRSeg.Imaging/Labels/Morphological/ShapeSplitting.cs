namespace REHRSeg.Imaging;

/// <summary>One shape divided among several that overlap it: their overlaps grow inside it by dilations with a cross, in turns, until it is used up (Albu et al. 2008).</summary>
internal static class ShapeSplitting
{
    /// <param name="shape">A connected shape.</param>
    /// <param name="seeds">Shapes that have no pixel in common; each overlaps <paramref name="shape"/>. Of two that reach a pixel in the same turn the first has it.</param>
    /// <returns>One part for each seed.</returns>
    public static PlaneShape[] Split(PlaneShape shape, IReadOnlyList<PlaneShape> seeds)
    {
        var box = shape.Box;
        var (owner, turn) = (new int[box.Area], new int[box.Area]);
        int At(int x, int y) => (y - box.Y) * box.Width + x - box.X;
        var front = new List<(int X, int Y)>();
        for (int k = 0; k < seeds.Count; k++)
            foreach (var (x, y) in seeds[k].Pixels())
            {
                if (!shape[x, y]) continue;
                owner[At(x, y)] = k + 1;
                front.Add((x, y));
            }
        for (int now = 1; front.Count > 0; now++)
        {
            var reached = new List<(int X, int Y)>();
            foreach (var (x, y) in front)
            {
                int mine = owner[At(x, y)];
                foreach (var (u, v) in ((int X, int Y)[])[(x - 1, y), (x + 1, y), (x, y - 1), (x, y + 1)])
                {
                    if (!shape[u, v]) continue;
                    int at = At(u, v);
                    if (owner[at] == 0)
                    {
                        (owner[at], turn[at]) = (mine, now);
                        reached.Add((u, v));
                    }
                    else if (turn[at] == now) owner[at] = Math.Min(owner[at], mine);
                }
            }
            front = reached;
        }
        return [.. seeds.Select((_, k) => new PlaneShape(box, Array.ConvertAll(owner, o => o == k + 1)))];
    }
}
