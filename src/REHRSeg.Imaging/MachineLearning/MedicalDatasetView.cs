using Microsoft.ML;
using Microsoft.ML.Data;

namespace REHRSeg.Imaging;

/// <summary>One row a case: Id, Image, Label (with the dataset's label names). A file is read when its column of the row is asked for, and not kept.</summary>
internal sealed class MedicalDatasetView(MedicalDataset dataset, IReadOnlyList<MedicalCase> cases, VolumeReadLimits limits) : IDataView
{
    public DataViewSchema Schema { get; } = MakeSchema(dataset.Labels);
    public bool CanShuffle => true;
    public long? GetRowCount() => cases.Count;

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null)
    {
        int[] order = [.. Enumerable.Range(0, cases.Count)];
        rand?.Shuffle(order);
        return new Cursor(this, columnsNeeded.Select(c => c.Index).ToHashSet(), order);
    }

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null) => [GetRowCursor(columnsNeeded, rand)];

    MLVolume ReadImage(int index) => cases[index].ReadImage(limits);
    MLVolume ReadLabel(int index) => cases[index].ReadLabel(dataset.Labels, limits);
    string IdOf(int index) => cases[index].Id;

    static DataViewSchema MakeSchema(IReadOnlyList<LabelClass> labels)
    {
        var builder = new DataViewSchema.Builder();
        builder.AddColumn("Id", TextDataViewType.Instance);
        builder.AddColumn("Image", VolumeDataViewType.Instance);
        builder.AddColumn("Label", VolumeDataViewType.Instance, LabelAnnotations.Of(labels));
        return builder.ToSchema();
    }

    sealed class Cursor(MedicalDatasetView view, HashSet<int> active, int[] order) : DataViewRowCursor
    {
        int _position = -1;

        public override DataViewSchema Schema => view.Schema;
        public override long Position => _position < order.Length ? _position : -1;
        public override long Batch => 0;
        public override bool MoveNext() => _position < order.Length && ++_position < order.Length;
        public override bool IsColumnActive(DataViewSchema.Column column) => active.Contains(column.Index);
        public override ValueGetter<DataViewRowId> GetIdGetter() => (ref DataViewRowId id) => id = new((ulong)Case, 0);

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
        {
            if (!IsColumnActive(column)) throw new InvalidOperationException($"Column '{column.Name}' is not active.");
            Delegate getter = column.Index switch
            {
                0 => (ValueGetter<ReadOnlyMemory<char>>)((ref ReadOnlyMemory<char> value) => value = view.IdOf(Case).AsMemory()),
                1 => VolumeGetter(view.ReadImage),
                _ => VolumeGetter(view.ReadLabel),
            };
            return getter as ValueGetter<TValue> ?? throw new InvalidOperationException($"Invalid TValue in GetGetter for column '{column.Name}': '{typeof(TValue)}', expected '{column.Type.RawType}'.");
        }

        int Case => Position >= 0 ? order[_position] : throw new InvalidOperationException("The cursor does not stand on a row.");

        ValueGetter<MLVolume> VolumeGetter(Func<int, MLVolume> read)
        {
            int readCase = -1;
            MLVolume? volume = null;
            return (ref MLVolume value) =>
            {
                if (readCase != Case) (volume, readCase) = (read(Case), Case);
                value = volume!;
            };
        }
    }
}
