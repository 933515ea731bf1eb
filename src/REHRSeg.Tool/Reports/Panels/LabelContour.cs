using System.Globalization;
using System.Text;

namespace REHRSeg.Tool;

/// <summary>Outlines of labels along the edges of their voxels, as closed polygons in voxel corners: exactly where the label changes, staircases included.</summary>
internal static class LabelContour
{
    /// <summary>Closed polygons (first corner not repeated, straight runs as one edge) around the voxels that <paramref name="inside"/> accepts; beyond the picture nothing is inside.</summary>
    public static IReadOnlyList<IReadOnlyList<(int X, int Y)>> Trace(PlaneSlice slice, Predicate<float> inside)
    {
        bool In(int x, int y) => x >= 0 && y >= 0 && x < slice.Columns && y < slice.Rows && inside(slice.Values[y * slice.Columns + x]);
        // Directed edges with the inside on the right hand (y downwards), by the corner that they start from.
        var edges = new Dictionary<(int X, int Y), List<(int X, int Y)>>();
        var starts = new List<(int X, int Y)>();
        void Edge(int x0, int y0, int x1, int y1)
        {
            if (!edges.TryGetValue((x0, y0), out var ends)) edges.Add((x0, y0), ends = []);
            ends.Add((x1, y1));
            starts.Add((x0, y0));
        }
        for (int y = 0; y < slice.Rows; y++)
            for (int x = 0; x < slice.Columns; x++)
            {
                if (!In(x, y)) continue;
                if (!In(x, y - 1)) Edge(x, y, x + 1, y);
                if (!In(x + 1, y)) Edge(x + 1, y, x + 1, y + 1);
                if (!In(x, y + 1)) Edge(x + 1, y + 1, x, y + 1);
                if (!In(x - 1, y)) Edge(x, y + 1, x, y);
            }
        var loops = new List<IReadOnlyList<(int X, int Y)>>();
        foreach (var start in starts)
            while (edges.TryGetValue(start, out var ends) && ends.Count > 0) loops.Add(Follow(start, edges));
        return loops;
    }

    /// <summary>Polygons as the data of an SVG path in millimetres.</summary>
    public static string ToPath(PlaneSlice slice, IReadOnlyList<IReadOnlyList<(int X, int Y)>> loops)
    {
        var path = new StringBuilder();
        string X(int x) => Number(slice.Left + x * slice.PixelWidth);
        string Y(int y) => Number(slice.Top + y * slice.PixelHeight);
        foreach (var loop in loops)
        {
            path.Append('M').Append(X(loop[0].X)).Append(' ').Append(Y(loop[0].Y));
            for (int i = 1; i < loop.Count; i++)
                if (loop[i].Y == loop[i - 1].Y) path.Append('H').Append(X(loop[i].X));
                else path.Append('V').Append(Y(loop[i].Y));
            path.Append('Z');
        }
        return path.ToString();
    }

    public static string Number(double value) => Math.Round(value, 3).ToString("0.###", CultureInfo.InvariantCulture);

    static List<(int X, int Y)> Follow((int X, int Y) start, Dictionary<(int X, int Y), List<(int X, int Y)>> edges)
    {
        var corners = new List<(int X, int Y)> { start };
        var (from, at) = (start, Take(edges, start, null));
        while (at != start)
        {
            var next = Take(edges, at, (at.X - from.X, at.Y - from.Y));
            if ((next.X - at.X, next.Y - at.Y) != (at.X - from.X, at.Y - from.Y)) corners.Add(at);
            (from, at) = (at, next);
        }
        // The loop may have begun in the middle of a straight run.
        if (corners.Count > 2 && (corners[0].X == corners[1].X && corners[0].X == from.X || corners[0].Y == corners[1].Y && corners[0].Y == from.Y)) corners.RemoveAt(0);
        return corners;
    }

    /// <summary>Takes an edge away from a corner; where two leave it (voxels that touch by a corner), the one that turns right, so that each voxel's outline stays its own.</summary>
    static (int X, int Y) Take(Dictionary<(int X, int Y), List<(int X, int Y)>> edges, (int X, int Y) corner, (int X, int Y)? came)
    {
        var ends = edges[corner];
        int chosen = 0;
        if (ends.Count > 1 && came is { } d) chosen = Math.Max(0, ends.FindIndex(e => (e.X - corner.X, e.Y - corner.Y) == (-d.Y, d.X)));
        var end = ends[chosen];
        ends.RemoveAt(chosen);
        return end;
    }
}
