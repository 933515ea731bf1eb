using REHRSeg.Imaging;

namespace REHRSeg;

/// <summary>What is said of a file of weights that is not read.</summary>
internal static class PickleRefusal
{
    /// <summary>The file's bytes contradict its own format.</summary>
    public static ModelFormatException Damaged(string file, string what, Exception? inner = null) =>
        new($"{file} is damaged or not a PyTorch file: {what}. Restore it from a copy, or download it again.", inner);

    /// <summary>The file asks for something that is not done, or for more than is allowed.</summary>
    public static ModelFormatException Refused(string file, string what) =>
        new($"{file} is refused: {what}. Only tensors and plain values are read, and nothing in the file is executed. If you trust it, save the state dict alone with PyTorch, or convert it to safetensors.");
}
