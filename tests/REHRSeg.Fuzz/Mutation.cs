namespace REHRSeg.Fuzz;

/// <summary>Damages a file as storage, transfer and bad programs do: for tests that need no instrumentation.</summary>
static class Mutation
{
    static readonly byte[][] s_words = [[.. "-1"u8], [.. "0"u8], [.. "99999999999999999999"u8], [.. "2147483648"u8], [.. "nan"u8], [.. "1e308"u8], [.. "\n"u8], [.. " "u8], [.. "none"u8], [.. "LIST"u8], [.. "../x"u8], [0xFF, 0xFF, 0xFF, 0x7F], [0, 0, 0, 0x80], [0, 0, 0xC0, 0x7F], [0, 0, 0x80, 0x7F]];

    /// <summary>One to four changes: bits, bytes, words, deletions, repetitions, truncation.</summary>
    internal static byte[] Of(byte[] original, Random random)
    {
        List<byte> bytes = [.. original];
        for (int n = random.Next(1, 5); n > 0 && bytes.Count > 0; n--)
        {
            int at = random.Next(bytes.Count), length = random.Next(1, Math.Min(9, bytes.Count - at + 1));
            byte[] word = s_words[random.Next(s_words.Length)];
            switch (random.Next(7))
            {
                case 0: bytes[at] ^= (byte)(1 << random.Next(8)); break;
                case 1: bytes[at] = (byte)random.Next(256); break;
                case 2: bytes.RemoveRange(at, length); break;
                case 3: bytes.InsertRange(at, bytes.GetRange(at, length)); break;
                case 4: bytes.InsertRange(at, word); break;
                case 5:
                    for (int i = 0; i < word.Length && at + i < bytes.Count; i++) bytes[at + i] = word[i];
                    break;
                default:
                    if (random.Next(8) == 0) bytes.RemoveRange(at, bytes.Count - at);
                    break;
            }
        }
        return [.. bytes];
    }
}
