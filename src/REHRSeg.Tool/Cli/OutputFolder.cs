namespace REHRSeg.Tool;

/// <summary>A folder that a long command works in.</summary>
internal static class OutputFolder
{
    /// <summary>Makes the folder and tries to write in it, before hours of work.</summary>
    /// <exception cref="IOException">It cannot be written; names folder, cause and remedy.</exception>
    public static void RequireWritable(string folder, string option = "--out")
    {
        try
        {
            Directory.CreateDirectory(folder);
            string probe = Path.Combine(folder, ".write-test");
            File.WriteAllBytes(probe, []);
            File.Delete(probe);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"{option} {folder} cannot be written: {e.Message} Choose another folder.", e);
        }
    }

    /// <summary>Keeps a second process out of the folder until it is disposed.</summary>
    /// <exception cref="IOException">Another process is at work in the folder.</exception>
    public static IDisposable Lock(string folder, string? why = null, string name = ".lock")
    {
        try
        {
            return new FileStream(Path.Combine(folder, name), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1, FileOptions.DeleteOnClose);
        }
        catch (IOException e)
        {
            throw new IOException($"{(why is null ? $"--out {folder} is in use by another training" : $"{folder}: {why}")}. Wait for it, or choose another folder.", e);
        }
    }
}
