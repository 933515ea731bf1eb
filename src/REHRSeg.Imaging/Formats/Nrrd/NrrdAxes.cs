namespace REHRSeg.Imaging;

/// <summary>Which axes of an NRRD file are spatial and which one holds channels, and where the spatial ones lie.</summary>
sealed class NrrdAxes
{
    internal required VolumeGeometry Geometry { get; init; }
    internal required int Channels { get; init; }
    /// <summary>The axis of channels is the fastest.</summary>
    internal required bool Interleaved { get; init; }

    /// <summary>Reads <c>space</c>, <c>space directions</c>, <c>space origin</c>, <c>kinds</c>, <c>spacings</c> and the fields beside them.</summary>
    /// <exception cref="VolumeFormatException">More than three spatial axes, more than one of channels, or an impossible place.</exception>
    internal static NrrdAxes Parse(Dictionary<string, string> fields, long[] size, string file)
    {
        var directions = Directions(fields, size.Length, file);
        int[] spatial = Spatial(fields, directions, size.Length, file);
        int first = spatial[0], last = spatial[^1];
        if (last - first + 1 != spatial.Length) throw FormatProblem.Invalid(file, "kinds", fields.GetValueOrDefault("kinds", "missing"), "an axis of channels lies between the spatial axes; permute the axes");
        long before = size[..first].Aggregate(1L, (a, b) => a * b), after = size[(last + 1)..].Aggregate(1L, (a, b) => a * b);
        if (before > 1 && after > 1) throw FormatProblem.Invalid(file, "sizes", fields["sizes"], "only one axis beside the three spatial ones can be longer than 1; split the file");
        if (before * after > int.MaxValue) throw FormatProblem.Invalid(file, "sizes", fields["sizes"], $"there are at most {int.MaxValue} channels; split the file");
        return new()
        {
            Geometry = Place(fields, directions, spatial, [.. spatial.Select(a => (int)size[a]), .. Enumerable.Repeat(1, 3 - spatial.Length)], file),
            Channels = (int)(before * after),
            Interleaved = before > 1,
        };
    }

    /// <summary>Axes with a direction; else those of a spatial kind; else the first three.</summary>
    static int[] Spatial(Dictionary<string, string> fields, double[]?[]? directions, int axes, string file)
    {
        int[] spatial;
        if (directions is not null) spatial = [.. Enumerable.Range(0, axes).Where(a => directions[a] is not null)];
        else if (fields.TryGetValue("kinds", out var text))
        {
            var kinds = TextHeader.Words(text);
            if (kinds.Length != axes) throw FormatProblem.Invalid(file, "kinds", text, $"dimension is {axes}, so there are as many kinds; correct the header");
            spatial = [.. Enumerable.Range(0, axes).Where(a => kinds[a].ToLowerInvariant() is "domain" or "space" or "???" or "none").Take(3)];
        }
        else spatial = [.. Enumerable.Range(0, Math.Min(axes, 3))];
        return spatial.Length is 2 or 3 ? spatial : throw FormatProblem.Invalid(file, directions is null ? "kinds" : "space directions", fields.GetValueOrDefault(directions is null ? "kinds" : "space directions", "missing"), $"a volume has two or three spatial axes, this file {spatial.Length}; convert it");
    }

    static VolumeGeometry Place(Dictionary<string, string> fields, double[]?[]? directions, int[] spatial, int[] size, string file)
    {
        var (dimension, sign) = Space(fields, file);
        double unit = Unit(fields, spatial, file);
        double[] axes = new double[9], origin = new double[3], spacings = Spacings(fields, file), mins = AxisMins(fields, spacings, file);
        for (int i = 0; i < spatial.Length; i++)
        {
            double[] step = directions?[spatial[i]] ?? Along(i, spacings.Length == 0 ? double.NaN : spacings.ElementAtOrDefault(spatial[i]));
            for (int row = 0; row < step.Length; row++) axes[3 * row + i] = sign[row] * unit * step[row];
        }
        if (spatial.Length == 2) Perpendicular(axes);
        if (fields.TryGetValue("space origin", out var text))
        {
            var vector = Vectors(text, file, "space origin");
            if (vector.Count != 1 || vector[0] is not { } at || at.Length != dimension) throw FormatProblem.Invalid(file, "space origin", text, $"it is one vector of {dimension} numbers; correct the header");
            for (int row = 0; row < at.Length; row++) origin[row] = sign[row] * unit * at[row];
        }
        else if (directions is null)
        {
            for (int i = 0; i < spatial.Length; i++) origin[i] = sign[i] * unit * mins.ElementAtOrDefault(spatial[i]);
        }
        return AffineGeometry.Create(size, axes, origin, file, directions is null ? "spacings" : "space directions");
    }

    /// <summary>A step along one axis of space; 1 where the spacing is not known.</summary>
    static double[] Along(int axis, double spacing)
    {
        var step = new double[3];
        step[axis] = double.IsNaN(spacing) ? 1 : spacing;
        return step;
    }

    /// <summary>The third axis of a plane, 1 mm long.</summary>
    static void Perpendicular(double[] m)
    {
        (double x, double y, double z) = (m[3] * m[7] - m[6] * m[4], m[6] * m[1] - m[0] * m[7], m[0] * m[4] - m[3] * m[1]);
        double length = Math.Sqrt(x * x + y * y + z * z);
        (m[2], m[5], m[8]) = (x / length, y / length, z / length);
    }

    static (int Dimension, double[] Sign) Space(Dictionary<string, string> fields, string file)
    {
        if (!fields.TryGetValue("space", out var name))
            return (fields.TryGetValue("space dimension", out var n) ? (int)TextHeader.Integer(n, 2, 3, file, "space dimension") : 3, [1, 1, 1]);
        return name.ToLowerInvariant() switch
        {
            "left-posterior-superior" or "lps" or "scanner-xyz" or "3d-right-handed" or "3d-left-handed" => (3, [1, 1, 1]),
            "right-anterior-superior" or "ras" => (3, [-1, -1, 1]),
            "left-anterior-superior" or "las" => (3, [1, -1, 1]),
            _ => throw FormatProblem.Invalid(file, "space", name, "known are left-posterior-superior, right-anterior-superior and left-anterior-superior, without time; correct the header"),
        };
    }

    /// <summary>One vector or null an axis; null if there are none at all.</summary>
    static double[]?[]? Directions(Dictionary<string, string> fields, int axes, string file)
    {
        if (!fields.TryGetValue("space directions", out var text)) return null;
        var vectors = Vectors(text, file, "space directions");
        int dimension = Space(fields, file).Dimension;
        if (vectors.Count != axes || vectors.Any(v => v is not null && v.Length != dimension))
            throw FormatProblem.Invalid(file, "space directions", text, $"there are {axes} axes, each with a vector of {dimension} numbers or none; correct the header");
        return [.. vectors];
    }

    /// <summary>Vectors <c>(a,b,c)</c> or <c>none</c>.</summary>
    static List<double[]?> Vectors(string text, string file, string field)
    {
        List<double[]?> vectors = [];
        for (int at = 0; at < text.Length;)
        {
            if (char.IsWhiteSpace(text[at])) at++;
            else if (text.AsSpan(at).StartsWith("none", StringComparison.OrdinalIgnoreCase))
            {
                vectors.Add(null);
                at += 4;
            }
            else
            {
                int end = text[at] == '(' ? text.IndexOf(')', at) : -1;
                if (end < 0) throw FormatProblem.Invalid(file, field, text, "vectors are written as (a,b,c); correct the header");
                vectors.Add([.. text[(at + 1)..end].Split(',').Select(number => TextHeader.Number(number.Trim(), file, field))]);
                at = end + 1;
            }
        }
        return vectors;
    }

    /// <summary>Spacings of all axes; none if there are none.</summary>
    static double[] Spacings(Dictionary<string, string> fields, string file) =>
        fields.TryGetValue("spacings", out var text) ? [.. TextHeader.Words(text).Select(word => TextHeader.Number(word, file, "spacings"))] : [];

    /// <summary>Centres of the first voxels, as teem and ITK understand <c>axis mins</c>: the voxel's edge unless it is node-centred.</summary>
    static double[] AxisMins(Dictionary<string, string> fields, double[] spacings, string file)
    {
        if (!fields.TryGetValue("axis mins", out var text)) return [];
        var centerings = TextHeader.Words(fields.GetValueOrDefault("centerings", ""));
        return [.. TextHeader.Words(text).Select((word, a) =>
        {
            double min = TextHeader.Number(word, file, "axis mins"), spacing = spacings.ElementAtOrDefault(a);
            if (!double.IsFinite(min) || !(spacing > 0)) return 0;
            return centerings.ElementAtOrDefault(a) == "node" ? min : min + spacing / 2;
        })];
    }

    /// <summary>Millimetres of the unit of length; unknown units count as mm.</summary>
    static double Unit(Dictionary<string, string> fields, int[] spatial, string file)
    {
        string[] units = fields.TryGetValue("space units", out var space) ? Quoted(space) : fields.TryGetValue("units", out var each) ? [.. spatial.Select(a => Quoted(each).ElementAtOrDefault(a) ?? "")] : [];
        double[] known = [.. units.Select(TextHeader.Millimetres).OfType<double>().Distinct()];
        return known.Length switch
        {
            0 => 1,
            1 => known[0],
            _ => throw FormatProblem.Invalid(file, space is null ? "units" : "space units", string.Join(" ", units), "the spatial axes have different units of length; convert the file to mm"),
        };
    }

    static string[] Quoted(string text) => [.. text.Split('"').Where((_, i) => i % 2 == 1)];
}
