namespace REHRSeg.Imaging;

/// <summary>How NRRD writes voxels.</summary>
enum NrrdEncoding { Raw, Text, Gzip }

/// <summary>The fields of an NRRD header, checked for plausibility.</summary>
sealed class NrrdHeader
{
    const int MaxAxes = 16;
    static readonly string[] s_encodings = ["raw", "ascii", "gzip"];

    internal required VolumeDataType DataType { get; init; }
    internal bool BigEndian { get; init; }
    internal required NrrdEncoding Encoding { get; init; }
    /// <summary>Where the voxels are, relative to the header; null: behind it.</summary>
    internal string? DataFile { get; init; }
    /// <summary>Lines before the voxels (before they are inflated).</summary>
    internal long LineSkip { get; init; }
    /// <summary>Bytes before the voxels, after the lines (after they are inflated); -1: the voxels are the file's last bytes.</summary>
    internal long ByteSkip { get; init; }
    internal required NrrdAxes Axes { get; init; }

    /// <summary>Reads and checks the fields.</summary>
    /// <exception cref="VolumeFormatException">A field is missing, out of its range or asks for what cannot be read.</exception>
    internal static NrrdHeader Parse(IReadOnlyList<string> lines, string file, VolumeReadLimits limits)
    {
        string magic = lines.Count > 0 ? lines[0] : "";
        if (magic is not ("NRRD0001" or "NRRD0002" or "NRRD0003" or "NRRD0004" or "NRRD0005" or "NRRD00.01"))
            throw FormatProblem.Invalid(file, "magic", magic, "a file that can be read begins with NRRD0001 to NRRD0005; this is another format, a later version or a damaged file");
        var fields = Split(lines, file);
        string Required(string field) => fields.GetValueOrDefault(field) ?? throw FormatProblem.Invalid(file, field, "missing", "correct the header");

        int axes = (int)TextHeader.Integer(Required("dimension"), 1, MaxAxes, file, "dimension");
        var sizes = TextHeader.Words(Required("sizes"));
        if (sizes.Length != axes) throw FormatProblem.Invalid(file, "sizes", fields["sizes"], $"dimension is {axes}, so there are as many sizes; correct the header");
        long[] size = [.. sizes.Select(s => TextHeader.Integer(s, 1, int.MaxValue, file, "sizes"))];
        VoxelLayout.RequireWithin(size, limits, file, "sizes");

        var type = NrrdDataType.Parse(Required("type"), file);
        var encoding = ParseEncoding(Required("encoding"), file);
        string? endian = fields.GetValueOrDefault("endian");
        if (endian is not (null or "little" or "big")) throw FormatProblem.Invalid(file, "endian", endian, "it is little or big; correct the header");
        if (endian is null && encoding != NrrdEncoding.Text && type.Bytes() > 1) throw FormatProblem.Invalid(file, "endian", "missing", $"voxels of {type.Bytes()} bytes need it; add endian: little or endian: big");
        long byteSkip = fields.TryGetValue("byte skip", out var skip) ? TextHeader.Integer(skip, -1, long.MaxValue / 2, file, "byte skip") : 0;
        if (byteSkip < 0 && encoding != NrrdEncoding.Raw) throw FormatProblem.Invalid(file, "byte skip", byteSkip, "-1 is for raw voxels; give the number of bytes");
        return new()
        {
            DataType = type,
            BigEndian = endian == "big",
            Encoding = encoding,
            DataFile = fields.GetValueOrDefault("data file"),
            LineSkip = fields.TryGetValue("line skip", out var lineSkip) ? TextHeader.Integer(lineSkip, 0, int.MaxValue, file, "line skip") : 0,
            ByteSkip = byteSkip,
            Axes = NrrdAxes.Parse(fields, size, file),
        };
    }

    /// <summary>The header of a volume, up to its empty line.</summary>
    internal static string Write(VoxelLayout layout, NrrdEncoding encoding, string? dataFile)
    {
        var g = layout.Geometry;
        bool channels = layout.Channels > 1;
        string Vector(int axis) => $"({string.Join(",", Enumerable.Range(0, 3).Select(row => TextHeader.Format(g.Direction[3 * row + axis] * g.Spacing[axis])))})";
        List<string> lines =
        [
            "NRRD0005", "# Written by REHRSeg", $"type: {NrrdDataType.NameOf(layout.Stored.Type)}", $"dimension: {(channels ? 4 : 3)}", "space: left-posterior-superior",
            $"sizes: {string.Join(" ", g.Size)}{(channels ? " " + layout.Channels : "")}", $"space directions: {Vector(0)} {Vector(1)} {Vector(2)}{(channels ? " none" : "")}",
            $"kinds: domain domain domain{(channels ? " list" : "")}", "endian: little", $"encoding: {s_encodings[(int)encoding]}",
            "space units: \"mm\" \"mm\" \"mm\"", $"space origin: ({string.Join(",", g.Origin.Select(TextHeader.Format))})",
        ];
        if (dataFile is not null) lines.Add($"data file: {dataFile}");
        return string.Join('\n', lines) + "\n\n";
    }

    static NrrdEncoding ParseEncoding(string name, string file) => name.ToLowerInvariant() switch
    {
        "raw" => NrrdEncoding.Raw,
        "txt" or "text" or "ascii" => NrrdEncoding.Text,
        "gz" or "gzip" => NrrdEncoding.Gzip,
        _ => throw FormatProblem.Invalid(file, "encoding", name, "raw, gzip and ascii can be read, hex and bzip2 cannot; convert the file"),
    };

    /// <summary>Fields by their name in lower case; comments and key/value pairs are left out.</summary>
    static Dictionary<string, string> Split(IReadOnlyList<string> lines, string file)
    {
        Dictionary<string, string> fields = [];
        foreach (string line in lines.Skip(1))
        {
            if (line.Length == 0 || line[0] == '#') continue;
            int colon = line.IndexOf(':');
            if (colon < 1) throw FormatProblem.Invalid(file, "header line", line, "it is no field (name: value); the header is damaged");
            if (colon + 1 < line.Length && line[colon + 1] == '=') continue;
            string name = line[..colon].Trim().ToLowerInvariant() switch { "datafile" => "data file", "lineskip" => "line skip", "byteskip" => "byte skip", "axismins" => "axis mins", "centers" => "centerings", var other => other };
            if (!fields.TryAdd(name, line[(colon + 1)..].Trim())) throw FormatProblem.Invalid(file, name, "given twice", "remove one of the two");
            if (name == "data file" && fields[name].StartsWith("LIST", StringComparison.Ordinal)) break; // file names follow
        }
        return fields;
    }
}
