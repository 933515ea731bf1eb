// Loads Torch in a plain console process from eight threads at once, sets the allocator, then computes.
using REHRSeg;
using TorchSharp;

Parallel.For(0, 8, _ => TorchRuntime.EnsureLoaded());
bool kept = TorchRuntime.KeepMemory();
using var sum = torch.arange(101).sum();
Console.WriteLine(sum.item<long>());
Console.WriteLine(TorchRuntime.Status);
Console.WriteLine(kept);
