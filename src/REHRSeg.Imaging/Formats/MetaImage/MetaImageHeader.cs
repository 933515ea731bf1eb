namespace REHRSeg.Imaging;

/// <summary>The fields of a MetaImage header, checked for plausibility.</summary>
sealed class MetaImageHeader
{
    /// <summary>Digits that are left for <c>CompressedDataSize</c>, which is known only after the voxels.</summary>
    internal const int SizeDigits = 19;
    const int MaxChannels = 1 << 20;
    static readonly string[] s_beginnings = ["ObjectType", "NDims", "Comment", "ObjectSubType", "TransformType", "Name", "ID", "ParentID", "BinaryData"];

    internal required VolumeDataType DataType { get; init; }
    internal bool BigEndian { get; init; }
    internal bool IsText { get; init; }
    internal bool IsCompressed { get; init; }
    /// <summary>Null: up to the end of the file.</summary>
    internal long? CompressedBytes { get; init; }
    /// <summary>Bytes before the voxels in their own file; -1: they are its last bytes.</summary>
    internal long HeaderSize { get; init; }
    /// <summary>Where the voxels are, relative to the header; null: behind it.</summary>
    internal string? DataFile { get; init; }
    internal required VolumeGeometry Geometry { get; init; }
    internal required int Channels { get; init; }
    internal required bool Interleaved { get; init; }

    /// <summary>True if a file may begin so: one of the usual first fields and an equals sign.</summary>
    internal static bool Recognizes(ReadOnlySpan<byte> start)
    {
        int equals = start[..Math.Min(start.Length, 64)].IndexOf((byte)'=');
        return equals > 0 && s_beginnings.Contains(System.Text.Encoding.Latin1.GetString(start[..equals]).Trim());
    }

    /// <summary>True for the line that ends the header.</summary>
    internal static bool IsLast(string line) => line.StartsWith("ElementDataFile", StringComparison.Ordinal) && line["ElementDataFile".Length..].TrimStart().StartsWith('=');

    /// <summary>Reads and checks the fields.</summary>
    /// <exception cref="VolumeFormatException">A field is missing, out of its range or asks for what cannot be read.</exception>
    internal static MetaImageHeader Parse(IReadOnlyList<string> lines, string file, VolumeReadLimits limits)
    {
        var fields = Split(lines, file);
        string Required(string field) => fields.GetValueOrDefault(field) ?? throw FormatProblem.Invalid(file, field, "missing", "correct the header; this is another format or a damaged file");
        if (fields.TryGetValue("ObjectType", out var kind) && kind != "Image") throw FormatProblem.Invalid(file, "ObjectType", kind, "only images can be read");
        int axes = (int)TextHeader.Integer(Required("NDims"), 2, 4, file, "NDims");
        var sizes = TextHeader.Words(Required("DimSize"));
        if (sizes.Length != axes) throw FormatProblem.Invalid(file, "DimSize", fields["DimSize"], $"NDims is {axes}, so there are as many sizes; correct the header");
        long[] size = [.. sizes.Select(s => TextHeader.Integer(s, 1, int.MaxValue, file, "DimSize"))];
        long channels = fields.TryGetValue("ElementNumberOfChannels", out var c) ? TextHeader.Integer(c, 1, MaxChannels, file, "ElementNumberOfChannels") : 1;
        VoxelLayout.RequireWithin([.. size, channels], limits, file, "DimSize");
        if (axes == 4 && size[3] > 1 && channels > 1) throw FormatProblem.Invalid(file, "ElementNumberOfChannels", channels, "channels and a fourth axis cannot be read together; split the file");
        bool compressed = Flag(fields, "CompressedData", false, file), text = !Flag(fields, "BinaryData", true, file);
        if (compressed && text) throw FormatProblem.Invalid(file, "CompressedData", "True", "ASCII voxels are not compressed; correct the header");
        long headerSize = fields.TryGetValue("HeaderSize", out var h) ? TextHeader.Integer(h, -1, long.MaxValue / 2, file, "HeaderSize") : 0;
        if (headerSize < 0 && (compressed || text)) throw FormatProblem.Invalid(file, "HeaderSize", headerSize, "-1 is for raw voxels; give the number of bytes");
        string data = Required("ElementDataFile");
        return new()
        {
            DataType = MetaImageDataType.Parse(Required("ElementType"), file),
            BigEndian = Flag(fields, fields.ContainsKey("BinaryDataByteOrderMSB") ? "BinaryDataByteOrderMSB" : "ElementByteOrderMSB", false, file),
            IsText = text,
            IsCompressed = compressed,
            CompressedBytes = compressed && fields.TryGetValue("CompressedDataSize", out var packed) && TextHeader.Integer(packed, 0, long.MaxValue / 2, file, "CompressedDataSize") is > 0 and var bytes ? bytes : null,
            HeaderSize = headerSize,
            DataFile = data.ToUpperInvariant() is "LOCAL" or "LOCAL_DATA" ? null : data,
            Geometry = MetaImageOrientation.ToGeometry(fields, size, file),
            Channels = (int)(axes == 4 ? size[3] * channels : channels),
            Interleaved = channels > 1,
        };
    }

    /// <summary>The header of a volume.</summary>
    /// <param name="layout">What is written.</param>
    /// <param name="compressed">The voxels are compressed.</param>
    /// <param name="compressedSize">Text after <c>CompressedDataSize =</c>; null: the field is left out.</param>
    /// <param name="dataFile">Where the voxels are; null: behind the header.</param>
    internal static string Write(VoxelLayout layout, bool compressed, string? compressedSize, string? dataFile)
    {
        var g = layout.Geometry;
        bool channels = layout.Channels > 1;
        string Row(IEnumerable<double> values, string fourth) => string.Join(' ', values.Select(TextHeader.Format)) + (channels ? " " + fourth : "");
        List<string> lines = ["ObjectType = Image", $"NDims = {(channels ? 4 : 3)}", "BinaryData = True", "BinaryDataByteOrderMSB = False", $"CompressedData = {(compressed ? "True" : "False")}"];
        if (compressedSize is not null) lines.Add($"CompressedDataSize = {compressedSize}");
        // One row an axis: the transpose of the matrix whose columns are the axes.
        lines.Add("TransformMatrix = " + string.Join(' ', Enumerable.Range(0, 3).Select(a => Row([g.Direction[a], g.Direction[3 + a], g.Direction[6 + a]], "0"))) + (channels ? " 0 0 0 1" : ""));
        lines.Add("Offset = " + Row(g.Origin, "0"));
        lines.Add("CenterOfRotation = " + Row([0, 0, 0], "0"));
        lines.Add("ElementSpacing = " + Row(g.Spacing, "1"));
        lines.Add($"DimSize = {string.Join(' ', g.Size)}{(channels ? " " + layout.Channels : "")}");
        lines.Add($"ElementType = {MetaImageDataType.NameOf(layout.Stored.Type)}");
        lines.Add($"ElementDataFile = {dataFile ?? "LOCAL"}");
        return string.Join('\n', lines) + "\n";
    }

    static bool Flag(Dictionary<string, string> fields, string name, bool absent, string file)
    {
        if (!fields.TryGetValue(name, out var value)) return absent;
        return value.ToLowerInvariant() switch
        {
            "true" or "t" or "1" or "yes" => true,
            "false" or "f" or "0" or "no" => false,
            _ => throw FormatProblem.Invalid(file, name, value, "it is True or False; correct the header"),
        };
    }

    static Dictionary<string, string> Split(IReadOnlyList<string> lines, string file)
    {
        Dictionary<string, string> fields = [];
        foreach (string line in lines)
        {
            if (string.IsNullOrWhiteSpace(line)) continue;
            int equals = line.IndexOf('=');
            if (equals < 1) throw FormatProblem.Invalid(file, "header line", line, "it is no field (name = value); this is another format or a damaged file");
            string name = line[..equals].Trim();
            if (!fields.TryAdd(name, line[(equals + 1)..].Trim()) && name != "Comment") throw FormatProblem.Invalid(file, name, "given twice", "remove one of the two");
        }
        return fields;
    }
}
