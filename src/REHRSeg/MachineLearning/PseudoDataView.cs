using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using REHRSeg.Imaging;

namespace REHRSeg;

/// <summary>Every row of the source once for each start offset, with the pseudo pair of that offset.</summary>
internal sealed class PseudoDataView(IHost host, IDataView source, PseudoDataOptions options, PseudoPlan plan) : IDataView
{
    static readonly Func<PseudoSample, MLVolume>[] Parts = [s => s.Image, s => s.Label, s => s.HrLabel, s => s.Uncertainty];
    readonly IReadOnlyList<int> _starts = plan.Starts;

    public DataViewSchema Schema { get; } = MakeSchema(source.Schema, options);
    public bool CanShuffle => source.CanShuffle;
    public long? GetRowCount() => source.GetRowCount() * plan.Starts.Count;

    public static DataViewSchema MakeSchema(DataViewSchema input, PseudoDataOptions options)
    {
        var builder = new DataViewSchema.Builder();
        builder.AddColumns(input);
        foreach (string name in (string[])[options.PseudoImageColumnName, options.PseudoLabelColumnName, options.PseudoHrLabelColumnName, options.PseudoUncertaintyColumnName])
            builder.AddColumn(name, VolumeDataViewType.Instance);
        builder.AddColumn(options.StartColumnName, NumberDataViewType.Int32);
        return builder.ToSchema();
    }

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null)
    {
        var active = columnsNeeded.Select(c => c.Index).ToHashSet();
        var columns = source.Schema.Where(c => active.Contains(c.Index)).ToHashSet();
        bool pairs = Enumerable.Range(source.Schema.Count, Parts.Length).Any(active.Contains);
        if (pairs)
        {
            columns.UnionWith(((string[])[options.HrImageColumnName, options.HrLabelColumnName, options.UncertaintyColumnName]).Select(n => source.Schema[n]));
            if (plan.ThickImage is { } thick) columns.Add(source.Schema[thick]);
        }
        return new Cursor(this, source.GetRowCursor(columns, rand), active, pairs);
    }

    // One cursor, whatever n: a consumer accepts fewer than it asked for, and the order of rows stays defined.
    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null) => [GetRowCursor(columnsNeeded, rand)];

    Func<int, PseudoSample> MakeSampler(DataViewRow row)
    {
        Func<MLVolume> Getter(string column)
        {
            var get = row.GetGetter<MLVolume>(row.Schema[column]);
            return () =>
            {
                MLVolume volume = null!;
                get(ref volume);
                return volume ?? throw new InvalidOperationException($"Column '{column}' holds no volume in row {row.Position}.");
            };
        }
        Func<MLVolume> image = Getter(options.HrImageColumnName), label = Getter(options.HrLabelColumnName), uncertainty = Getter(options.UncertaintyColumnName);
        var thick = plan.ThickImage is { } column ? Getter(column) : null;
        return start =>
        {
            if (MlNetInternals.IsCanceled(host)) throw new OperationCanceledException();
            var thin = image();
            return PseudoDataGenerator.Create(thin, label(), uncertainty(), plan.AxisOf(thick?.Invoke(), thin), plan.Profile, start);
        };
    }

    sealed class Cursor : DataViewRowCursor
    {
        readonly PseudoDataView _view;
        readonly DataViewRowCursor _source;
        readonly HashSet<int> _active;
        readonly Func<int, PseudoSample>? _sampler;
        int _repeat = -1;
        long _position = -1, _sampledAt = -1;
        bool _done;
        PseudoSample? _sample;

        public Cursor(PseudoDataView view, DataViewRowCursor source, HashSet<int> active, bool pairs)
        {
            (_view, _source, _active) = (view, source, active);
            if (pairs) _sampler = view.MakeSampler(source);
        }

        int Start => _view._starts[_repeat];

        public override DataViewSchema Schema => _view.Schema;
        public override long Position => _done ? -1 : _position;
        public override long Batch => 0;
        public override bool IsColumnActive(DataViewSchema.Column column) => _active.Contains(column.Index);

        public override bool MoveNext()
        {
            if (_done) return false;
            if (_repeat < 0 || _repeat == _view._starts.Count - 1)
            {
                if (!_source.MoveNext())
                {
                    (_done, _sample) = (true, null);
                    return false;
                }
                _repeat = -1;
            }
            _repeat++;
            _position++;
            return true;
        }

        public override ValueGetter<DataViewRowId> GetIdGetter()
        {
            var get = _source.GetIdGetter();
            return (ref DataViewRowId id) =>
            {
                get(ref id);
                id = new(id.Low, id.High ^ ((ulong)(_repeat + 1) * 0x9E3779B97F4A7C15UL));
            };
        }

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
        {
            if (!IsColumnActive(column)) throw new InvalidOperationException($"Column '{column.Name}' is not active.");
            int added = column.Index - _source.Schema.Count;
            if (added < 0) return _source.GetGetter<TValue>(_source.Schema[column.Index]);
            Delegate getter = added < Parts.Length
                ? (ValueGetter<MLVolume>)((ref MLVolume value) => value = Parts[added](Sample()))
                : (ValueGetter<int>)((ref int value) => value = Start);
            return getter as ValueGetter<TValue> ?? throw new InvalidOperationException($"Invalid TValue in GetGetter for column '{column.Name}': '{typeof(TValue)}', expected '{column.Type.RawType}'.");
        }

        PseudoSample Sample()
        {
            if (_sampledAt != _position) (_sample, _sampledAt) = (_sampler!(Start), _position);
            return _sample!;
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing) _source.Dispose();
            base.Dispose(disposing);
        }
    }
}
