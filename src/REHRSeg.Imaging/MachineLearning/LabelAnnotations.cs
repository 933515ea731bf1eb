using Microsoft.ML;
using Microsoft.ML.Data;

namespace REHRSeg.Imaging;

/// <summary>Label values and names that travel with a label column as schema annotations, so that a trainer knows them without being told.</summary>
internal static class LabelAnnotations
{
    const string Values = "LabelValues", Names = "LabelNames";

    public static DataViewSchema.Annotations Of(IReadOnlyList<LabelClass> labels)
    {
        int[] values = [.. labels.Select(l => l.Value)];
        ReadOnlyMemory<char>[] names = [.. labels.Select(l => l.Name.AsMemory())];
        var builder = new DataViewSchema.Annotations.Builder();
        builder.Add<VBuffer<int>>(Values, new VectorDataViewType(NumberDataViewType.Int32, values.Length), (ref VBuffer<int> v) => v = new(values.Length, [.. values]));
        builder.Add<VBuffer<ReadOnlyMemory<char>>>(Names, new VectorDataViewType(TextDataViewType.Instance, names.Length), (ref VBuffer<ReadOnlyMemory<char>> v) => v = new(names.Length, [.. names]));
        return builder.ToAnnotations();
    }

    /// <summary>Null where the column carries none.</summary>
    public static IReadOnlyList<LabelClass>? Read(DataViewSchema.Column column)
    {
        if (column.Annotations.Schema.GetColumnOrNull(Values) is null || column.Annotations.Schema.GetColumnOrNull(Names) is null) return null;
        VBuffer<int> values = default;
        VBuffer<ReadOnlyMemory<char>> names = default;
        column.Annotations.GetValue(Values, ref values);
        column.Annotations.GetValue(Names, ref names);
        return [.. values.DenseValues().Zip(names.DenseValues(), (value, name) => new LabelClass(value, name.ToString()))];
    }
}
