using REHRSeg.Imaging.Tests.Formats;

namespace REHRSeg.Imaging.Tests;

/// <summary>What <see cref="DurabilityTests"/> runs in a process of its own, to kill it or to take its disk away.</summary>
static class Program
{
    static int Main(string[] args)
    {
        if (args is not [var verb, var path]) return 2;
        if (verb == "write-forever")
        {
            for (int i = 0; ; i++)
            {
                VolumeFile.Write(DurabilityTests.Volume(i % 2), path, VolumeDataType.Int16);
                if (i == 0) Console.WriteLine("written");
            }
        }
        try
        {
            VolumeFile.Write(DurabilityTests.Volume(1), path, VolumeDataType.Int16);
            return 0;
        }
        catch (IOException e)
        {
            Console.WriteLine(e.Message);
            return 1;
        }
    }
}
