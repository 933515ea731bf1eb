using Microsoft.ML;
using Microsoft.ML.Data;
using REHRSeg.Imaging;

namespace REHRSeg.Tests;

/// <summary>Thick cases of 32 x 32 x 12 voxels of 1 x 1 x 2 mm with a bright ball of label 1, and options that train in seconds.</summary>
static class TinyPhantoms
{
    public static readonly VolumeGeometry Grid = new([32, 32, 12], [1, 1, 2]);

    public static SelfSrOptions SelfSr { get; } = new() { Width = 8, Iterations = 2, UncertaintyIterations = 2, BatchSize = 2, PatchSize = 16 };

    public static RehrSegOptions RehrSeg { get; } = new() { NnUNetIterations = 2, FineTuneIterations = 2, BaseFeatures = 4, MaxFeatures = 8, MaxPatchSide = 16, MaxPatchSlices = 8 };

    public static Row Case(int seed)
    {
        var random = new Random(seed);
        var (cx, cy, cz) = (12 + 8 * random.NextDouble(), 12 + 8 * random.NextDouble(), 10 + 4 * random.NextDouble());
        float[] image = new float[Grid.VoxelCount], label = new float[Grid.VoxelCount];
        for (int z = 0, i = 0; z < Grid.Depth; z++)
            for (int y = 0; y < Grid.Height; y++)
                for (int x = 0; x < Grid.Width; x++, i++)
                {
                    bool inside = Math.Pow(x - cx, 2) + Math.Pow(y - cy, 2) + Math.Pow(2 * z + 0.5 - cz, 2) < 49;
                    label[i] = inside ? 1 : 0;
                    image[i] = (inside ? 200 : 80) + 10 * (float)random.NextDouble();
                }
        return new() { Id = $"case{seed}", Image = new(Grid, image), Label = new(Grid, label) };
    }

    public static IDataView Data(MLContext ml, int count = 2) => ml.Data.LoadFromEnumerable(Enumerable.Range(0, count).Select(Case).ToList());

    /// <summary>Writes the cases as an nnU-Net dataset.</summary>
    public static void WriteDataset(string folder, int count)
    {
        for (int i = 0; i < count; i++)
        {
            var row = Case(i);
            VolumeFile.Write(row.Image!, Path.Combine(folder, "imagesTr", $"{row.Id}_0000.nii.gz"));
            VolumeFile.Write(row.Label!, Path.Combine(folder, "labelsTr", $"{row.Id}.nii.gz"), VolumeDataType.UInt8);
        }
        MedicalDataset.WriteDescription(folder, "Balls", [new(0, "background"), new(1, "ball")], ["MR"], count);
    }

    public sealed class Row
    {
        public string Id { get; set; } = "";
        [VolumeType] public MLVolume? Image { get; set; }
        [VolumeType] public MLVolume? Label { get; set; }
    }

    public sealed class Scored
    {
        [VolumeType] public MLVolume? LrSegmentation { get; set; }
        [VolumeType] public MLVolume? HrSegmentation { get; set; }
    }
}
