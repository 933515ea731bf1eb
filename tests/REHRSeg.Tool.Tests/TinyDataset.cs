using REHRSeg.Imaging;

namespace REHRSeg.Tool.Tests;

/// <summary>Thick two-class cases on disk: a bright ball in noise, 4 mm slices along z.</summary>
internal static class TinyDataset
{
    public static readonly LabelClass[] Labels = [new(0, "background"), new(1, "ball")];

    public static string Write(string folder, int cases = 4, int slices = 6, int size = 24, double sliceSpacing = 4)
    {
        for (int i = 0; i < cases; i++)
        {
            var (image, label) = Case(i, slices, size, sliceSpacing);
            SimulateVerb.WriteImage(image, folder, $"case_{i}");
            SimulateVerb.WriteLabel(label, folder, $"case_{i}");
        }
        MedicalDataset.WriteDescription(folder, "tiny", Labels, ["MR"], cases);
        return folder;
    }

    public static (MLVolume Image, MLVolume Label) Case(int seed, int slices = 6, int size = 24, double sliceSpacing = 4)
    {
        var geometry = new VolumeGeometry([size, size, slices], [1, 1, sliceSpacing]);
        var random = new Random(seed);
        double cx = size / 2.0 + random.Next(-2, 3), cy = size / 2.0 + random.Next(-2, 3), cz = (slices - 1) / 2.0 * sliceSpacing, radius = size / 3.5;
        float[] image = new float[geometry.VoxelCount], label = new float[geometry.VoxelCount];
        for (int z = 0, n = 0; z < slices; z++)
            for (int y = 0; y < size; y++)
                for (int x = 0; x < size; x++, n++)
                {
                    double d = Math.Sqrt((x - cx) * (x - cx) + (y - cy) * (y - cy) + (z * sliceSpacing - cz) * (z * sliceSpacing - cz));
                    label[n] = d < radius ? 1 : 0;
                    image[n] = (float)(200 * label[n] + 50 + 20 * random.NextDouble());
                }
        return (new(geometry, image), new(geometry, label));
    }
}
