using System.Runtime.InteropServices;
using REHRSeg.Imaging;
using TorchSharp;

namespace REHRSeg;

/// <summary>Named tensors in a file: PyTorch's <c>.pth</c> (both forms) or safetensors, told apart by their first bytes. DataParallel's prefix <c>module.</c> is taken off.</summary>
internal sealed class StateDictFile : IDisposable
{
    const string Prefix = "module.";

    readonly IDisposable _file;
    readonly Func<IEnumerable<string>, IReadOnlyDictionary<string, WeightArray>> _read;

    StateDictFile(IDisposable file, IReadOnlyDictionary<string, long[]> shapes, Func<IEnumerable<string>, IReadOnlyDictionary<string, WeightArray>> read)
    {
        string cut = shapes.Keys.All(name => name.StartsWith(Prefix, StringComparison.Ordinal)) ? Prefix : "";
        _file = file;
        Shapes = shapes.ToDictionary(s => s.Key[cut.Length..], s => s.Value);
        _read = names => read(names.Select(n => cut + n)).ToDictionary(w => w.Key[cut.Length..], w => w.Value);
    }

    /// <summary>Names and shapes of all tensors.</summary>
    public IReadOnlyDictionary<string, long[]> Shapes { get; }

    /// <summary>Opens a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="keys">Where a <c>.pth</c> file's state dict may be, in this order; else it is the file's object itself.</param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="ModelFormatException">Neither format, damaged, or with more than tensors and plain values.</exception>
    public static StateDictFile Open(string path, params ReadOnlySpan<string> keys)
    {
        if (!File.Exists(path)) throw new FileNotFoundException($"There is no weights file {path}. Check the path; .pth (PyTorch) and .safetensors files are read.", path);
        var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16);
        Span<byte> head = stackalloc byte[9];
        int read = stream.ReadAtLeast(head, head.Length, throwOnEndOfStream: false);
        stream.Position = 0;
        if (read == head.Length && head[8] == '{' && head[7] == 0) return OfSafeTensors(stream, path);
        if (read > 0 && head[0] == '<')
        {
            stream.Dispose();
            throw new ModelFormatException($"{path} is a web page, not a weights file: the download did not deliver the file. Download it again in a browser.");
        }
        return OfPth(PthFile.Open(stream, path), keys);
    }

    /// <summary>The numbers of some tensors as float32.</summary>
    /// <exception cref="ModelFormatException">The file is damaged.</exception>
    public IReadOnlyDictionary<string, WeightArray> Read(IEnumerable<string> names) => _read(names);

    /// <summary>Closes the file.</summary>
    public void Dispose() => _file.Dispose();

    static StateDictFile OfPth(PthFile file, ReadOnlySpan<string> keys)
    {
        try
        {
            var tensors = file.StateDict(keys);
            return new(file, tensors.ToDictionary(t => t.Key, t => t.Value.Shape), names => file.Read(names.ToDictionary(n => n, n => tensors[n])));
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    static StateDictFile OfSafeTensors(FileStream stream, string path)
    {
        TorchRuntime.EnsureLoaded();
        using var owned = stream;
        var content = SafeTensors.Read(stream, path);
        return new(content, content.Tensors.ToDictionary(t => t.Key, t => t.Value.shape), names => names.ToDictionary(n => n, n =>
        {
            using var scope = torch.NewDisposeScope();
            var tensor = content.Tensors[n].to(torch.ScalarType.Float32);
            return new WeightArray([.. tensor.shape.Select(s => checked((int)s))], tensor.numel() == 0 ? [] : MemoryMarshal.Cast<byte, float>(tensor.bytes).ToArray());
        }));
    }
}
