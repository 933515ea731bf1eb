namespace REHRSeg.Imaging;

/// <summary>Arithmetic of the gzip checksum: remainders of polynomials over GF(2), bits reversed.</summary>
static class Crc32
{
    const uint Polynomial = 0xEDB88320, One = 0x80000000, X8 = One >> 8;

    /// <summary>The checksum of A followed by B, from the checksums of both: crc(A) x^(8 length) + crc(B).</summary>
    /// <param name="first">Checksum of A; 0 if that is empty.</param>
    /// <param name="second">Checksum of B.</param>
    /// <param name="length">Bytes of B.</param>
    internal static uint Combine(uint first, uint second, long length)
    {
        uint shift = One;
        for (uint power = X8; length > 0; length >>= 1, power = Multiply(power, power))
            if ((length & 1) != 0) shift = Multiply(shift, power);
        return Multiply(first, shift) ^ second;
    }

    static uint Multiply(uint a, uint b)
    {
        uint product = 0;
        for (uint bit = One; bit != 0; bit >>= 1)
        {
            if ((a & bit) != 0) product ^= b;
            b = (b & 1) != 0 ? (b >> 1) ^ Polynomial : b >> 1;
        }
        return product;
    }
}
