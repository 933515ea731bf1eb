using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace REHRSeg.Imaging;

/// <summary>
/// A transformer that adds volume columns to each row. All active columns of a row are computed together, once, when the first of
/// them is asked for; inactive ones are not computed. Thread-safe; a cursor is used by one thread, as always in ML.NET.
/// </summary>
public abstract class AddVolumesTransformer : ITransformer
{
    private protected AddVolumesTransformer(IHost host, IReadOnlyList<AddedVolume> added) => (Host, Added) = (host, added);

    private protected IHost Host { get; }
    private protected IReadOnlyList<AddedVolume> Added { get; }

    private protected virtual void CheckInput(DataViewSchema input)
    {
        foreach (string name in Added.SelectMany(a => a.Inputs).Distinct()) input.RequireVolume(name);
    }

    private protected virtual DataViewSchema.Annotations? AnnotationsOf(int added) => null;

    /// <summary>Makes the function that computes the wanted columns of the row the cursor stands on; others stay null.</summary>
    private protected abstract Func<MLVolume?[]> MakeRowFunction(DataViewRow input, IReadOnlyList<bool> wanted);

    private protected abstract void Save(ModelSaveContext context);

    bool ITransformer.IsRowToRowMapper => true;
    IRowToRowMapper ITransformer.GetRowToRowMapper(DataViewSchema inputSchema) => new Mapper(this, inputSchema);
    void ICanSaveModel.Save(ModelSaveContext ctx) => Save(ctx);

    /// <summary>The input's columns and the added ones.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An input column is missing or of another type.</exception>
    public DataViewSchema GetOutputSchema(DataViewSchema inputSchema)
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        CheckInput(inputSchema);
        var builder = new DataViewSchema.Builder();
        builder.AddColumns(inputSchema);
        for (int i = 0; i < Added.Count; i++) builder.AddColumn(Added[i].Name, VolumeDataViewType.Instance, AnnotationsOf(i));
        return builder.ToSchema();
    }

    /// <summary>A lazy view: rows are computed when a cursor asks for an added column.</summary>
    public IDataView Transform(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        return new View(this, input);
    }

    /// <summary>Getter of a volume column that refuses a row without volume.</summary>
    private protected static Func<MLVolume> VolumeGetter(DataViewRow input, string column)
    {
        var get = input.GetGetter<MLVolume>(input.Schema[column]);
        MLVolume? volume = null;
        return () =>
        {
            get(ref volume!);
            return volume ?? throw new InvalidOperationException($"Column '{column}' holds no volume in row {input.Position}. Give every row one, or filter such rows out.");
        };
    }

    IEnumerable<DataViewSchema.Column> NeededInput(DataViewSchema input, IEnumerable<int> outputs)
    {
        var need = outputs.SelectMany(i => i < input.Count ? [i] : Added[i - input.Count].Inputs.Select(n => input[n].Index)).ToHashSet();
        return input.Where(c => need.Contains(c.Index));
    }

    sealed class Mapper(AddVolumesTransformer parent, DataViewSchema input) : IRowToRowMapper
    {
        public DataViewSchema InputSchema => input;
        public DataViewSchema OutputSchema { get; } = parent.GetOutputSchema(input);
        public IEnumerable<DataViewSchema.Column> GetDependencies(IEnumerable<DataViewSchema.Column> dependingColumns) => parent.NeededInput(input, dependingColumns.Select(c => c.Index));
        public DataViewRow GetRow(DataViewRow inputRow, IEnumerable<DataViewSchema.Column> activeColumns) => new Row(parent, inputRow, OutputSchema, activeColumns.Select(c => c.Index).ToHashSet());
    }

    sealed class Row : DataViewRow
    {
        readonly DataViewRow _input;
        readonly bool[] _wanted;
        readonly Func<MLVolume?[]>? _compute;
        MLVolume?[] _values = [];
        long _computedAt = -1;
        bool _disposed;

        public Row(AddVolumesTransformer parent, DataViewRow input, DataViewSchema schema, HashSet<int> active)
        {
            (_input, Schema) = (input, schema);
            _wanted = [.. Enumerable.Range(input.Schema.Count, schema.Count - input.Schema.Count).Select(active.Contains)];
            if (_wanted.Contains(true)) _compute = parent.MakeRowFunction(input, _wanted);
        }

        public override DataViewSchema Schema { get; }
        public override long Position => _input.Position;
        public override long Batch => _input.Batch;
        public override ValueGetter<DataViewRowId> GetIdGetter() => _input.GetIdGetter();

        public override bool IsColumnActive(DataViewSchema.Column column)
            => column.Index < _input.Schema.Count ? _input.IsColumnActive(_input.Schema[column.Index]) : _wanted[column.Index - _input.Schema.Count];

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
        {
            int added = column.Index - _input.Schema.Count;
            if (added < 0) return _input.GetGetter<TValue>(_input.Schema[column.Index]);
            if (!_wanted[added]) throw new InvalidOperationException($"Column '{column.Name}' is not active.");
            ValueGetter<MLVolume> getter = (ref MLVolume value) => value = Current()[added]!;
            return getter as ValueGetter<TValue> ?? throw new InvalidOperationException($"Invalid TValue in GetGetter for column '{column.Name}': '{typeof(TValue)}', expected '{typeof(MLVolume)}'.");
        }

        MLVolume?[] Current()
        {
            if (_computedAt != _input.Position) (_values, _computedAt) = (_compute!(), _input.Position);
            return _values;
        }

        protected override void Dispose(bool disposing)
        {
            if (_disposed) return;
            _disposed = true;
            if (disposing) _input.Dispose();
            base.Dispose(disposing);
        }
    }

    sealed class View(AddVolumesTransformer parent, IDataView source) : IDataView
    {
        public DataViewSchema Schema { get; } = parent.GetOutputSchema(source.Schema);
        public bool CanShuffle => source.CanShuffle;
        public long? GetRowCount() => source.GetRowCount();

        public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null)
        {
            var active = columnsNeeded.Select(c => c.Index).ToHashSet();
            return new Cursor(source.GetRowCursor(parent.NeededInput(source.Schema, active), rand), parent, Schema, active);
        }

        public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null)
        {
            var active = columnsNeeded.Select(c => c.Index).ToHashSet();
            return [.. source.GetRowCursorSet(parent.NeededInput(source.Schema, active), n, rand).Select(c => new Cursor(c, parent, Schema, active))];
        }
    }

    sealed class Cursor(DataViewRowCursor source, AddVolumesTransformer parent, DataViewSchema schema, HashSet<int> active) : DataViewRowCursor
    {
        readonly Row _row = new(parent, source, schema, active);

        public override DataViewSchema Schema => schema;
        public override long Position => source.Position;
        public override long Batch => source.Batch;
        public override bool MoveNext() => source.MoveNext();
        public override ValueGetter<DataViewRowId> GetIdGetter() => source.GetIdGetter();
        public override bool IsColumnActive(DataViewSchema.Column column) => _row.IsColumnActive(column);
        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column) => _row.GetGetter<TValue>(column);

        protected override void Dispose(bool disposing)
        {
            if (disposing) _row.Dispose();
            base.Dispose(disposing);
        }
    }
}

/// <summary>A column that a transformer adds, and the input columns it is computed from.</summary>
internal sealed record AddedVolume(string Name, params IReadOnlyList<string> Inputs);
