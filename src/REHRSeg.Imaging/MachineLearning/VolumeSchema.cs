using Microsoft.ML;
using Microsoft.ML.Data;

namespace REHRSeg.Imaging;

/// <summary>Schema checks and additions, with ML.NET's wording and exception type.</summary>
internal static class VolumeSchema
{
    public static bool Has(this SchemaShape shape, string column) => shape.Any(c => c.Name == column);

    public static void RequireVolume(this SchemaShape shape, string column) => shape.Require(column, VolumeDataViewType.Instance);

    public static void Require(this SchemaShape shape, string column, DataViewType type)
    {
        if (!shape.Has(column)) throw Missing(column);
        var found = shape.Last(c => c.Name == column);
        if (found.Kind != SchemaShape.Column.VectorKind.Scalar || found.IsKey || !found.ItemType.Equals(type))
            throw Mismatch(column, type, found.Kind == SchemaShape.Column.VectorKind.Scalar ? (found.IsKey ? $"Key<{found.ItemType}>" : $"{found.ItemType}") : $"{found.Kind}<{found.ItemType}>");
    }

    public static void RequireVolume(this DataViewSchema schema, string column) => schema.Require(column, VolumeDataViewType.Instance);

    public static void Require(this DataViewSchema schema, string column, DataViewType type)
    {
        if (schema.GetColumnOrNull(column) is not { } found) throw Missing(column);
        if (!found.Type.Equals(type)) throw Mismatch(column, type, found.Type.ToString()!);
    }

    /// <summary>The shape with columns added; columns of the same name are hidden.</summary>
    public static SchemaShape With(this SchemaShape shape, params IReadOnlyList<SchemaShape.Column> added)
        => new(shape.Where(c => !added.Any(a => a.Name == c.Name)).Concat(added));

    public static SchemaShape.Column VolumeShape(string name, SchemaShape? annotations = null) => MlNetInternals.ScalarShape(name, VolumeDataViewType.Instance, annotations);

    /// <exception cref="ArgumentException">A name is null or blank, or one output column is named twice.</exception>
    public static void CheckNames(IEnumerable<string> inputs, IEnumerable<string> outputs)
    {
        foreach (string name in inputs.Concat(outputs))
            if (string.IsNullOrWhiteSpace(name)) throw new ArgumentException("A column name is empty; give each column a name.");
        foreach (var group in outputs.GroupBy(n => n))
            if (group.Count() > 1) throw new ArgumentException($"The output column '{group.Key}' is named {group.Count()} times; give each output its own name.");
    }

    static ArgumentOutOfRangeException Missing(string column) => new("inputSchema", $"Could not find input column '{column}'");

    static ArgumentOutOfRangeException Mismatch(string column, DataViewType expected, string got)
        => new("inputSchema", $"Schema mismatch for input column '{column}': expected {expected}, got {got}");
}
