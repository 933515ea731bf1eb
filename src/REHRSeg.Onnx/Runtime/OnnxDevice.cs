using Microsoft.ML.OnnxRuntime;
using REHRSeg.Imaging;

namespace REHRSeg.Onnx;

/// <summary>Loads sessions on the device that is asked for, where it can really be had.</summary>
internal static class OnnxDevice
{
    /// <summary>Name of the CPU.</summary>
    public const string Cpu = "cpu";

    const string Packages = "Microsoft.ML.OnnxRuntime (CPU) or Microsoft.ML.OnnxRuntime.Gpu (CUDA)";

    /// <summary>Loads a model on the GPU if one is asked for; on the CPU if not, or if it cannot be had and that is allowed.</summary>
    /// <returns>The session and "cpu" or "cuda:N".</returns>
    /// <exception cref="ModelFormatException">ONNX Runtime cannot load the model.</exception>
    /// <exception cref="InvalidOperationException">The GPU cannot be had and falling back is not allowed, or the natives are missing.</exception>
    public static (InferenceSession Session, string Device) Load(ModelSource model, OnnxScoringOptions options)
    {
        if (options.Threads is < 1) throw new ArgumentOutOfRangeException(nameof(options.Threads), options.Threads, "Threads must be at least 1.");
        if (options.GpuDeviceId is < 0) throw new ArgumentOutOfRangeException(nameof(options.GpuDeviceId), options.GpuDeviceId, "A GPU's number is at least 0.");
        try
        {
            string reason = "";
            if (options.GpuDeviceId is { } gpu && TryGpu(model, gpu, options, out reason) is { } onGpu) return (onGpu, $"cuda:{gpu}");
            using var settings = Settings(options);
            var session = model.Load(settings); // also where falling back is not allowed: a model that no device loads is not the GPU's fault
            if (options.GpuDeviceId is null) return (session, Cpu);
            if (!options.FallbackToCpu)
            {
                session.Dispose();
                throw new InvalidOperationException($"GPU {options.GpuDeviceId} cannot be used: {reason}.");
            }
            options.Warn?.Invoke($"GPU {options.GpuDeviceId} cannot be used, the CPU is: {reason}.");
            return (session, Cpu);
        }
        catch (OnnxRuntimeException e)
        {
            throw new ModelFormatException($"{model.Name} cannot be loaded by ONNX Runtime: {e.Message}", e);
        }
        catch (Exception e) when (((e as TypeInitializationException)?.InnerException ?? e) is DllNotFoundException or EntryPointNotFoundException or BadImageFormatException)
        {
            string version = typeof(InferenceSession).Assembly.GetName().Version?.ToString(3) ?? "";
            throw new InvalidOperationException($"ONNX Runtime's native library is missing or is not of this platform or version: {(e.InnerException ?? e).Message.TrimEnd()} Reference {Packages} of version {version} in the application.", e);
        }
    }

    /// <summary>Asks for the GPU only where the natives name its provider: without it the call itself is missing.</summary>
    static InferenceSession? TryGpu(ModelSource model, int gpu, OnnxScoringOptions options, out string reason)
    {
        reason = "these natives of ONNX Runtime have no CUDA provider; reference Microsoft.ML.OnnxRuntime.Gpu (build with -p:RehrSegCompute=cuda)";
        using var settings = Settings(options);
        if (!OrtEnv.Instance().GetAvailableProviders().Contains("CUDAExecutionProvider")) return null;
        try
        {
            settings.AppendExecutionProvider_CUDA(gpu);
            return model.Load(settings);
        }
        catch (OnnxRuntimeException e)
        {
            reason = e.Message.TrimEnd('.');
            return null;
        }
    }

    static SessionOptions Settings(OnnxScoringOptions options)
    {
        var settings = new SessionOptions
        {
            LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL, // errors come as exceptions
            EnableMemoryPattern = false, // it doubles a run's memory and makes nothing faster (tests/REHRSeg.Benchmarks/results.md)
        };
        settings.AddSessionConfigEntry("session.intra_op.allow_spinning", "0");
        if (options.Threads is { } threads) settings.IntraOpNumThreads = threads;
        return settings;
    }
}
