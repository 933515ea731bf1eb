using Microsoft.ML;
using Microsoft.ML.Data;

namespace REHRSeg.Imaging;

/// <summary>The rows of some patients. Of the other rows nothing but the patient's name is read.</summary>
internal sealed class PatientRowsView(IDataView source, PatientColumn column, IReadOnlySet<string> patients) : IDataView
{
    public DataViewSchema Schema => source.Schema;
    public bool CanShuffle => source.CanShuffle;
    public long? GetRowCount() => null;

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null)
    {
        DataViewSchema.Column[] needed = [.. columnsNeeded];
        return new Cursor(source.GetRowCursor(needed.Append(column.Of(Schema)), rand), needed.Select(c => c.Index).ToHashSet(), column, patients);
    }

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null) => [GetRowCursor(columnsNeeded, rand)];

    sealed class Cursor(DataViewRowCursor source, HashSet<int> active, PatientColumn column, IReadOnlySet<string> patients) : DataViewRowCursor
    {
        readonly Func<string> _patient = column.Reader(source);
        long _position = -1;

        public override DataViewSchema Schema => source.Schema;
        public override long Position => _position;
        public override long Batch => source.Batch;

        public override bool MoveNext()
        {
            while (source.MoveNext())
                if (patients.Contains(_patient()))
                {
                    _position++;
                    return true;
                }
            _position = -1;
            return false;
        }

        public override bool IsColumnActive(DataViewSchema.Column column) => active.Contains(column.Index);
        public override ValueGetter<DataViewRowId> GetIdGetter() => source.GetIdGetter();

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
            => IsColumnActive(column) ? source.GetGetter<TValue>(column) : throw new InvalidOperationException($"Column '{column.Name}' is not active.");

        protected override void Dispose(bool disposing)
        {
            if (disposing) source.Dispose();
            base.Dispose(disposing);
        }
    }
}

/// <summary>The column that tells patients apart: text or whole numbers.</summary>
internal sealed record PatientColumn(string Name)
{
    /// <exception cref="ArgumentOutOfRangeException">There is none of that name, or its type does not serve.</exception>
    public DataViewSchema.Column Of(DataViewSchema schema)
    {
        if (schema.GetColumnOrNull(Name) is not { } column) throw new ArgumentOutOfRangeException("inputSchema", $"Could not find input column '{Name}'");
        return column.Type is TextDataViewType || column.Type.RawType == typeof(int) || column.Type.RawType == typeof(long) ? column
            : throw new ArgumentOutOfRangeException("inputSchema", $"Schema mismatch for input column '{Name}': expected String, Int32 or Int64, got {column.Type}");
    }

    /// <summary>Reads the patient of the row that the cursor stands on.</summary>
    /// <exception cref="DatasetException">On reading: it has none.</exception>
    public Func<string> Reader(DataViewRowCursor cursor)
    {
        var column = Of(cursor.Schema);
        return column.Type.RawType == typeof(int) ? Number<int>() : column.Type.RawType == typeof(long) ? Number<long>() : Text();

        Func<string> Number<T>() where T : struct, IFormattable
        {
            var getter = cursor.GetGetter<T>(column);
            return () =>
            {
                T value = default;
                getter(ref value);
                return value.ToString(null, System.Globalization.CultureInfo.InvariantCulture);
            };
        }

        Func<string> Text()
        {
            var getter = cursor.GetGetter<ReadOnlyMemory<char>>(column);
            return () =>
            {
                ReadOnlyMemory<char> value = default;
                getter(ref value);
                return value.Span.IsWhiteSpace() ? throw new DatasetException($"Row {cursor.Position} has no '{Name}', so it belongs to no patient. Give every row one, or filter such rows out.") : value.ToString();
            };
        }
    }

    /// <summary>Every patient once.</summary>
    public IReadOnlyList<string> ReadAll(IDataView data)
    {
        using var cursor = data.GetRowCursor([Of(data.Schema)]);
        var read = Reader(cursor);
        var patients = new HashSet<string>();
        while (cursor.MoveNext()) patients.Add(read());
        return [.. patients];
    }
}
