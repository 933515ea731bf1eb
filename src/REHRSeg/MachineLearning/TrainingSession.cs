using Microsoft.ML;
using Microsoft.ML.Runtime;
using REHRSeg.Imaging;

namespace REHRSeg;

/// <summary>One Fit: what the MLContext and the options say, brought together in the trainer's <see cref="TrainingContext"/>.</summary>
internal static class TrainingSession
{
    /// <summary>
    /// Runs a training with messages to <c>mlContext.Log</c> (marked as user data: they may name cases), the context's GPU settings
    /// where the options have none, and cancellation by the options' token as well as by the context.
    /// </summary>
    public static T Run<T>(IHost host, TrainerOptions options, int seed, Func<TrainingContext, T> train)
    {
        using var channel = host.Start("Training");
        using var cancellation = new HostCancellation(host, options.CancellationToken);
        cancellation.Token.ThrowIfCancellationRequested();
        TorchRuntime.EnsureLoaded();
        var (gpu, fallback) = MlNetInternals.GpuSettings(host);
        void Warn(string message) => channel.Warning(MessageSensitivity.UserData, message);
        var device = ComputeDevice.Select(options.GpuDeviceId ?? gpu, options.FallbackToCpu ?? fallback, Warn);
        channel.Info(MessageSensitivity.None, "Training on {0}, seed {1}", device, seed);
        try
        {
            return train(new()
            {
                Device = device,
                Seed = seed,
                Progress = options.Progress,
                Log = message => channel.Info(MessageSensitivity.UserData, message),
                Warn = Warn,
                Directory = options.CheckpointDirectory,
                Resume = options.Resume,
                CancellationToken = cancellation.Token,
            });
        }
        catch (OperationCanceledException e) when (options.CancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(e.Message, e, options.CancellationToken);
        }
    }

    /// <summary>Reads every row's volumes of the named columns.</summary>
    /// <returns>Per row: the case's name (column Id, if there is one of text), the start offset (0 without a column), the volumes.</returns>
    public static List<TrainingRow> ReadRows(IDataView input, string[] volumes, string? start, CancellationToken cancellationToken)
    {
        var schema = input.Schema;
        var id = schema.GetColumnOrNull("Id") is { } column && column.Type is Microsoft.ML.Data.TextDataViewType ? column : (DataViewSchema.Column?)null;
        var needed = volumes.Select(v => schema[v]).ToList();
        if (id is { } idColumn) needed.Add(idColumn);
        if (start is not null) needed.Add(schema[start]);
        using var cursor = input.GetRowCursor(needed);
        var volumeGetters = volumes.Select(v => cursor.GetGetter<MLVolume>(schema[v])).ToArray();
        var idGetter = id is { } c ? cursor.GetGetter<ReadOnlyMemory<char>>(c) : null;
        var startGetter = start is null ? null : cursor.GetGetter<int>(schema[start]);
        var rows = new List<TrainingRow>();
        while (cursor.MoveNext())
        {
            cancellationToken.ThrowIfCancellationRequested();
            ReadOnlyMemory<char> text = default;
            int offset = 0;
            idGetter?.Invoke(ref text);
            startGetter?.Invoke(ref offset);
            string name = text.Span.IsWhiteSpace() ? $"row {cursor.Position}" : text.ToString();
            var values = new MLVolume[volumes.Length];
            for (int i = 0; i < values.Length; i++)
            {
                volumeGetters[i](ref values[i]);
                if (values[i] is null) throw new DatasetException($"Case {name}: column '{volumes[i]}' holds no volume. Give every training row one, or filter such rows out.");
            }
            rows.Add(new(name, offset, values));
        }
        return rows;
    }
}

/// <summary>One row of training data.</summary>
internal sealed record TrainingRow(string Id, int Start, MLVolume[] Volumes);
