using Microsoft.ML;
using Microsoft.ML.Data;
using REHRSeg.Imaging;

namespace REHRSeg;

/// <summary>The self-SR model as it travels with the HrImage column's schema annotation of kind <c>SelfSrModel</c>.</summary>
/// <param name="Model">The model; owned by its transformer.</param>
/// <param name="Axis">Slice axis the transformer was told; null: detected for each volume.</param>
internal sealed record TeacherAnnotation(SelfSrModel Model, SliceAxis? Axis)
{
    const string Kind = "SelfSrModel";

    public static SchemaShape Shape { get; } = new([MlNetInternals.ScalarShape(Kind, TeacherDataViewType.Instance)]);

    public DataViewSchema.Annotations ToAnnotations()
    {
        var builder = new DataViewSchema.Annotations.Builder();
        builder.Add(Kind, TeacherDataViewType.Instance, (ref TeacherAnnotation value) => value = this);
        return builder.ToAnnotations();
    }

    /// <summary>The annotation of one column, or null.</summary>
    public static TeacherAnnotation? Of(DataViewSchema.Column column)
    {
        if (column.Annotations.Schema.GetColumnOrNull(Kind) is not { Type: TeacherDataViewType }) return null;
        TeacherAnnotation? value = null;
        column.Annotations.GetValue(Kind, ref value);
        return value;
    }

    /// <summary>The one annotation of a schema, or null.</summary>
    /// <exception cref="ArgumentException">Columns carry different models.</exception>
    public static TeacherAnnotation? Find(DataViewSchema schema)
    {
        var found = schema.Select(Of).OfType<TeacherAnnotation>().DistinctBy(t => t.Model).ToList();
        return found.Count < 2 ? found.SingleOrDefault()
            : throw new ArgumentException($"The columns carry {found.Count} different self-SR models; name the teacher by Options.Teacher.");
    }
}

/// <summary>Type of the annotation: a reference that is never written to a file.</summary>
internal sealed class TeacherDataViewType : PrimitiveDataViewType
{
    TeacherDataViewType() : base(typeof(TeacherAnnotation)) { }

    public static TeacherDataViewType Instance { get; } = new();

    public override bool Equals(DataViewType? other) => other is TeacherDataViewType;
    public override int GetHashCode() => typeof(TeacherDataViewType).GetHashCode();
    public override string ToString() => "SelfSrModel";
}
