using System.Runtime.InteropServices;

namespace REHRSeg.Imaging.Tests.Formats;

/// <summary>The vectorised rounding of 16-bit types, at lengths with and without a rest.</summary>
public class SixteenBitTests
{
    [Theory]
    [InlineData(VolumeDataType.Int16, -32768.5f, -32768, true)]
    [InlineData(VolumeDataType.Int16, 32767.4f, 32767, true)]
    [InlineData(VolumeDataType.Int16, 2.5f, 2, true)]
    [InlineData(VolumeDataType.Int16, -3.5f, -4, true)]
    [InlineData(VolumeDataType.Int16, 32767.5f, 0, false)]
    [InlineData(VolumeDataType.Int16, -32769, 0, false)]
    [InlineData(VolumeDataType.Int16, float.NaN, 0, false)]
    [InlineData(VolumeDataType.Int16, float.PositiveInfinity, 0, false)]
    [InlineData(VolumeDataType.Int16, 3e9f, 0, false)]
    [InlineData(VolumeDataType.UInt16, 65535.4f, 65535, true)]
    [InlineData(VolumeDataType.UInt16, 40000, 40000, true)]
    [InlineData(VolumeDataType.UInt16, -0.5f, 0, true)]
    [InlineData(VolumeDataType.UInt16, 65535.5f, 0, false)]
    [InlineData(VolumeDataType.UInt16, -1, 0, false)]
    public void RoundsOrRefusesAtEveryPlace(VolumeDataType type, float value, int expected, bool fits)
    {
        foreach (int length in (int[])[1, 15, 16, 32, 33])
            for (int at = 0; at < length; at++)
            {
                var values = new float[length];
                values[at] = value;
                var bytes = new byte[2 * length];
                Assert.Equal(fits, VoxelConversion.TryEncode(values, bytes, type));
                if (!fits) continue;
                int[] stored = [.. type == VolumeDataType.Int16 ? MemoryMarshal.Cast<byte, short>(bytes).ToArray().Select(v => (int)v) : MemoryMarshal.Cast<byte, ushort>(bytes).ToArray().Select(v => (int)v)];
                Assert.Equal(expected, stored[at]);
                Assert.All(stored.Where((_, i) => i != at), v => Assert.Equal(0, v));
            }
    }
}
