using System.Text.Json;

namespace REHRSeg.Imaging.Tests.Datasets;

/// <summary>Writes small datasets in either layout: 6 x 5 x 4 voxels of 1 x 1 x 4 mm, labels 0 to 2.</summary>
sealed class PhantomDataset : IDisposable
{
    internal static readonly VolumeGeometry Grid = new([6, 5, 4], [1, 1, 4]);
    internal static readonly LabelClass[] Labels = [new(0, "background"), new(1, "Anterior"), new(2, "Posterior")];
    readonly TempFolder _folder = new();

    internal string Path => _folder.Path;
    internal string Image(string id, int channel = 0) => System.IO.Path.Combine(Path, "imagesTr", $"{id}_{channel:0000}.nii.gz");
    internal string Label(string id) => System.IO.Path.Combine(Path, "labelsTr", id + ".nii.gz");
    internal string Description => _folder["dataset.json"];

    internal static PhantomDataset NnUNet(int channels = 1, params string[] ids)
    {
        var dataset = new PhantomDataset();
        foreach (string id in ids)
        {
            for (int c = 0; c < channels; c++) VolumeFile.Write(ImageVolume(Grid, 100 * c), dataset.Image(id, c));
            VolumeFile.WriteLabels(LabelVolume(Grid), dataset.Label(id));
        }
        MedicalDataset.WriteDescription(dataset.Path, "Phantom", Labels, [.. Enumerable.Range(0, channels).Select(c => $"T{c + 1}")], ids.Length);
        return dataset;
    }

    internal static PhantomDataset Decathlon(params string[] ids)
    {
        var dataset = new PhantomDataset();
        foreach (string id in ids)
        {
            VolumeFile.Write(ImageVolume(Grid), System.IO.Path.Combine(dataset.Path, "imagesTr", id + ".nii.gz"));
            VolumeFile.WriteLabels(LabelVolume(Grid), dataset.Label(id));
        }
        dataset.Describe(new
        {
            name = "Phantom",
            modality = new Dictionary<string, string> { ["0"] = "MRI" },
            labels = Labels.ToDictionary(l => $"{l.Value}", l => l.Name),
            training = ids.Select(id => new { image = $"./imagesTr/{id}.nii.gz", label = $"./labelsTr/{id}.nii.gz" }),
        });
        return dataset;
    }

    internal void Describe(object description) => File.WriteAllText(Description, JsonSerializer.Serialize(description));

    internal void Edit(string from, string to)
    {
        string text = File.ReadAllText(Description);
        Assert.Contains(from, text);
        File.WriteAllText(Description, text.Replace(from, to));
    }

    internal static MLVolume ImageVolume(VolumeGeometry grid, float offset = 0) => new(grid, Enumerable.Range(0, grid.VoxelCount).Select(i => offset + i % 17).ToArray());

    internal static MLVolume LabelVolume(VolumeGeometry grid) => new(grid, Enumerable.Range(0, grid.VoxelCount).Select(i => i % 6 < 3 ? 0f : i % 6 < 5 ? 1 : 2).ToArray());

    public void Dispose() => _folder.Dispose();
}
