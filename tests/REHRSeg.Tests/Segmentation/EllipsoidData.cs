using REHRSeg.Imaging;

namespace REHRSeg.Tests.Segmentation;

/// <summary>Bright ellipsoids in noise: thin truth of 1 mm, thick cases of 4 mm, pseudo pairs made from the thin truth.</summary>
internal static class EllipsoidData
{
    public const int Factor = 4;

    public static (MLVolume Image, MLVolume Label) Thin(int seed, SliceAxis axis = SliceAxis.Z, int size = 32, int slices = 40)
    {
        var random = TrainingSeeds.Random(seed, "ellipsoid");
        double Between(double low, double high) => low + (high - low) * random.NextDouble();
        double cz = slices / 2.0 + Between(-4, 4), cy = size / 2.0 + Between(-4, 4), cx = size / 2.0 + Between(-4, 4), tilt = Between(-0.4, 0.4);
        double az = Between(8, 14), ay = Between(6, 9), ax = Between(6, 9);
        float[] image = new float[slices * size * size], label = new float[image.Length];
        for (int z = 0, i = 0; z < slices; z++)
            for (int y = 0; y < size; y++)
                for (int x = 0; x < size; x++, i++)
                {
                    double dz = (z - cz) / az, dy = (y - cy - tilt * (z - cz)) / ay, dx = (x - cx) / ax;
                    bool inside = dz * dz + dy * dy + dx * dx < 1;
                    label[i] = inside ? 1 : 0;
                    image[i] = (float)((inside ? 180 : 100) + 12 * random.NextGaussian());
                }
        var geometry = new VolumeGeometry([size, size, slices], [1, 1, 1]);
        return (new MLVolume(geometry, image).SwapAxes(axis, SliceAxis.Z), new MLVolume(geometry, label).SwapAxes(axis, SliceAxis.Z));
    }

    public static TrainingCase Thick(int seed, SliceAxis axis = SliceAxis.Z)
    {
        var (image, label) = Thin(seed, axis);
        return new($"case_{seed}", ThickSliceSimulator.Image(image, axis, SliceProfile.Gaussian(Factor)), ThickSliceSimulator.Label(label, axis, Factor));
    }

    public static RehrSegTrainingData Dataset(int cases, bool pseudo, SliceAxis axis = SliceAxis.Z)
    {
        List<PseudoSample> pairs = [];
        for (int i = 0; i < cases && pseudo; i++)
        {
            var (image, label) = Thin(i, axis);
            var uncertainty = image.WithVoxels(label.Voxels.ToArray().Select(v => 0.2f + 0.3f * v).ToArray());
            for (int start = 0; start < Factor; start++) pairs.Add(PseudoDataGenerator.Create(image, label, uncertainty, axis, SliceProfile.Gaussian(Factor), start));
        }
        return new() { Real = [.. Enumerable.Range(0, cases).Select(i => Thick(i, axis))], Pseudo = pairs };
    }

    public static double Dice(MLVolume a, MLVolume b)
    {
        double both = 0, sum = 0;
        for (int i = 0; i < a.Voxels.Length; i++)
        {
            bool p = a.Voxels[i] != 0, q = b.Voxels[i] != 0;
            both += p && q ? 1 : 0;
            sum += (p ? 1 : 0) + (q ? 1 : 0);
        }
        return 2 * both / sum;
    }
}
