using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;
using REHRSeg.Imaging;

namespace REHRSeg.Onnx;

/// <summary>An ONNX Runtime session on the chosen device; runs from and into the caller's memory. Thread-safe.</summary>
internal sealed class OnnxSession : IDisposable
{
    readonly InferenceSession _session;
    readonly UseCount _use;
    readonly string _source;

    static OnnxSession() => OnnxTelemetry.TurnOff();

    /// <summary>Loads a checked model.</summary>
    /// <exception cref="ModelFormatException">ONNX Runtime cannot load it.</exception>
    /// <exception cref="InvalidOperationException">The GPU cannot be had and falling back is not allowed, or the natives are missing.</exception>
    public OnnxSession(ModelSource model, OnnxScoringOptions options)
    {
        _source = model.Name;
        (_session, Device) = OnnxDevice.Load(model, options);
        _use = new(nameof(OnnxSession), _session.Dispose);
    }

    /// <summary>"cpu" or "cuda:N".</summary>
    public string Device { get; }

    /// <summary>Throws unless the model has the named value with these sizes; -1 stands for any.</summary>
    /// <exception cref="ModelFormatException">It has not.</exception>
    public void Require(bool output, string name, string source, params ReadOnlySpan<int> sizes)
    {
        string role = output ? "output" : "input";
        var values = output ? _session.OutputMetadata : _session.InputMetadata;
        if (!values.TryGetValue(name, out var value)) throw new ModelFormatException($"{source} has no {role} '{name}': its graph and its metadata contradict each other.");
        bool fits = value.ElementType == typeof(float) && value.Dimensions.Length == sizes.Length;
        for (int i = 0; fits && i < sizes.Length; i++) fits = sizes[i] < 0 || value.Dimensions[i] == sizes[i];
        if (!fits) throw new ModelFormatException($"{source}: {role} '{name}' is {value.ElementType?.Name} {string.Join("x", value.Dimensions)}, but the metadata ask for Single {string.Join("x", sizes.ToArray())} (-1: any size).");
    }

    /// <summary>True if the model lets a run set this value, which has a default.</summary>
    public bool HasSwitch(string name) => _session.OverridableInitializerMetadata.TryGetValue(name, out var value) && value.ElementType == typeof(bool);

    /// <summary>Sizes of a value that a run may set and that has a default, -1: any; null: the model has no such value.</summary>
    public IReadOnlyList<int>? OptionalShape(string name) => _session.OverridableInitializerMetadata.TryGetValue(name, out var value) && value.ElementType == typeof(float) ? value.Dimensions : null;

    /// <summary>Runs the model.</summary>
    /// <param name="input">Name of the input.</param>
    /// <param name="values">Its values.</param>
    /// <param name="shape">Its shape.</param>
    /// <param name="outputs">Name, memory to fill and shape of each output wanted.</param>
    /// <param name="switchOff">A switch of the model to turn off, or null.</param>
    /// <param name="cancellationToken">Stops within the run.</param>
    /// <exception cref="OperationCanceledException">Cancelled, also within the run.</exception>
    public void Run(string input, ReadOnlyMemory<float> values, ReadOnlySpan<long> shape, IReadOnlyList<(string Name, Memory<float> Values, long[] Shape)> outputs, string? switchOff, CancellationToken cancellationToken)
    {
        using var tensor = Value(values, shape);
        using var off = Value(false);
        Run(switchOff is null ? [(input, tensor)] : [(input, tensor), (switchOff, off)], outputs, cancellationToken);
    }

    /// <summary>As above with any inputs.</summary>
    public void Run(IReadOnlyList<(string Name, OrtValue Value)> inputs, IReadOnlyList<(string Name, Memory<float> Values, long[] Shape)> outputs, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var use = _use.Begin();
        var names = new string[outputs.Count];
        var results = new OrtValue[outputs.Count];
        using var options = new RunOptions { LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL };
        using var registration = cancellationToken.Register(() => options.Terminate = true);
        try
        {
            for (int i = 0; i < outputs.Count; i++)
                (names[i], results[i]) = (outputs[i].Name, OrtValue.CreateTensorValueFromMemory(OrtMemoryInfo.DefaultInstance, outputs[i].Values, outputs[i].Shape));
            _session.Run(options, [.. inputs.Select(i => i.Name)], [.. inputs.Select(i => i.Value)], names, results);
        }
        catch (OnnxRuntimeException) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellationToken);
        }
        catch (OnnxRuntimeException e) when (e.Message.Contains("Failed to allocate memory", StringComparison.Ordinal) || e.Message.Contains("bad_alloc", StringComparison.Ordinal))
        {
            throw new InsufficientMemoryException($"There is not enough memory to run {_source}. Lower BatchSize or MaxConcurrency, or set MemoryLimit. ({e.Message})", e);
        }
        catch (OnnxRuntimeException e)
        {
            throw new ModelFormatException($"{_source} failed in ONNX Runtime: {e.Message}", e);
        }
        finally
        {
            foreach (var result in results) result?.Dispose();
        }
    }

    /// <summary>An input in the caller's memory.</summary>
    public static OrtValue Value(ReadOnlyMemory<float> values, params ReadOnlySpan<long> shape) => OrtValue.CreateTensorValueFromMemory(OrtMemoryInfo.DefaultInstance, MemoryMarshal.AsMemory(values), shape.ToArray());

    /// <summary>A list of integers.</summary>
    public static OrtValue Value(params long[] values) => OrtValue.CreateTensorValueFromMemory(values, [values.Length]);

    /// <summary>A switch.</summary>
    public static OrtValue Value(bool value) => OrtValue.CreateTensorValueFromMemory(new[] { value }, []);

    /// <summary>Gives the memory that no run uses now back to the system: ONNX Runtime does so at the end of a run, so a small one is made. Nothing where it fails.</summary>
    /// <param name="input">Name of the input.</param>
    /// <param name="shape">Its least shape.</param>
    /// <param name="output">Name of an output.</param>
    /// <param name="switchOff">A switch of the model to turn off, or null.</param>
    public void ReleaseMemory(string input, ReadOnlySpan<long> shape, string output, string? switchOff = null)
    {
        if (Device != OnnxDevice.Cpu) return;
        using var use = _use.Begin();
        long length = 1;
        foreach (long size in shape) length *= size;
        using var options = new RunOptions { LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL };
        options.AddRunConfigEntry("memory.enable_memory_arena_shrinkage", "cpu:0");
        using var tensor = Value(new float[length], shape);
        using var off = Value(false);
        try
        {
            using var results = switchOff is null ? _session.Run(options, [input], [tensor], [output]) : _session.Run(options, [input, switchOff], [tensor, off], [output]);
        }
        catch (OnnxRuntimeException)
        {
            // The model cannot take so small an input: the memory stays for the next run.
        }
    }

    /// <summary>Refuses further runs; the last one that has begun releases the session.</summary>
    public void Dispose() => _use.Dispose();
}
