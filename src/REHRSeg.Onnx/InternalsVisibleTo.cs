using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("REHRSeg.Benchmarks")]
[assembly: InternalsVisibleTo("REHRSeg.OnnxProbe")]
