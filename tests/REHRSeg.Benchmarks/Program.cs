using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Exporters;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using REHRSeg;
using REHRSeg.Benchmarks;

// dotnet run -c Release --project tests/REHRSeg.Benchmarks -- --filter '*'
// On shared cores: OMP_NUM_THREADS=1 in front and --cpu-time behind. Results go to BenchmarkDotNet.Artifacts/results.
// Peak memory of self-SR: -- --memory torch 64 2 512 400 (ApplicationMemory); of segmentation: -- --segmentation-memory 60 512 (SegmentationMemory);
// of a training step of the segmenter: -- --training-memory 16 128 32 2 3 (TrainingStepMemory); of the HR head: -- --head-memory taps (HighResolutionHeadMemory).
// Shares of a fine-tuning step: -- --fine-tuning 20 (FineTuningProfile). Patches a second of its sampler: -- --sampler (SamplerThroughput).
// Whole prediction against Python: -- --predict /tmp/predict 2 3 (PredictBenchmark); single runs of exported files: -- --model-runs 2 2 FILE.onnx... (ModelRuns).
// Convolutions that libtorch gets wrong on this machine: -- --convolutions (ConvolutionTails); ONEDNN_MAX_CPU_ISA=AVX2 in front limits the instructions.
// REHRSeg.Imaging against scipy, scikit-image and nibabel: -- --resample|--io|--distance /tmp/imaging 3 (ImagingBenchmark).
const string CpuTime = "--cpu-time";
TorchRuntime.KeepMemory();
Action<string[]>? mode = args switch
{
    ["--memory", ..] => ApplicationMemory.Run,
    ["--head-memory", ..] => HighResolutionHeadMemory.Run,
    ["--fine-tuning", ..] => FineTuningProfile.Run,
    ["--training-memory", ..] => TrainingStepMemory.Run,
    ["--segmentation-memory", ..] => SegmentationMemory.Run,
    ["--predict", ..] => PredictBenchmark.Run,
    ["--predict-run", ..] => PredictBenchmark.RunOnce,
    ["--model-runs", ..] => ModelRuns.Run,
    ["--model-memory", ..] => ModelMemory.Run,
    ["--make-model", ..] => BenchmarkModels.Write,
    ["--resample" or "--io" or "--distance", ..] => ImagingBenchmark.Run,
    [ImagingBenchmark.RunOption, ..] => ImagingCases.RunOnce,
    ["--convolutions"] => ConvolutionTails.Run,
    ["--sampler"] => _ => SamplerThroughput.Run(),
    _ => null,
};
if (mode is not null)
{
    mode(args);
    return;
}
var job = Job.ShortRun.WithToolchain(InProcessEmitToolchain.Instance); // in this process: it has the natives loaded
var config = ManualConfig.CreateEmpty()
    .AddJob(args.Contains(CpuTime) ? job.WithClock(new CpuTimeClock()) : job)
    .AddLogger(ConsoleLogger.Default)
    .AddColumnProvider(DefaultColumnProviders.Instance)
    .AddExporter(MarkdownExporter.GitHub);
BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run([.. args.Where(a => a != CpuTime)], config);
