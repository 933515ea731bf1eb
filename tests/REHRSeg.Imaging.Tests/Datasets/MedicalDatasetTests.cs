namespace REHRSeg.Imaging.Tests.Datasets;

public class MedicalDatasetTests
{
    [Fact]
    public void NnUNet_lists_cases_channels_and_labels()
    {
        using var files = PhantomDataset.NnUNet(2, "b_2", "a_10", "B");
        File.WriteAllText(Path.Combine(files.Path, "imagesTr", "._a_10_0000.nii.gz"), "left by another system");

        var dataset = MedicalDataset.Open(files.Path);

        Assert.Equal(["B", "a_10", "b_2"], dataset.Cases.Select(c => c.Id));
        Assert.Equal([files.Image("a_10"), files.Image("a_10", 1)], dataset.Cases[1].ImageFiles);
        Assert.Equal(files.Label("a_10"), dataset.Cases[1].LabelFile);
        Assert.Equal(PhantomDataset.Labels, dataset.Labels);
        Assert.Equal(["T1", "T2"], dataset.ChannelNames);
        Assert.Equal("Phantom", dataset.Name);
        var image = dataset.Cases[1].ReadImage();
        Assert.Equal(2, image.Channels);
        Assert.Equal([1f, 101f], [image.Channel(0)[1], image.Channel(1)[1]]);
    }

    [Fact]
    public void Decathlon_lists_cases_and_labels()
    {
        using var files = PhantomDataset.Decathlon("h_004", "h_001");

        var dataset = MedicalDataset.Open(files.Path + Path.DirectorySeparatorChar);

        Assert.Equal(["h_001", "h_004"], dataset.Cases.Select(c => c.Id));
        Assert.Equal(PhantomDataset.Labels, dataset.Labels);
        Assert.Equal(["MRI"], dataset.ChannelNames);
        Assert.Equal(files.Path, dataset.Directory);
        var (image, label) = dataset.Cases[0].ReadPair(dataset.Labels);
        Assert.True(image.Geometry.IsSameGrid(label.Geometry));
        Assert.Equal(PhantomDataset.LabelVolume(PhantomDataset.Grid).Voxels, label.Voxels);
    }

    [Fact]
    public void NnUNet_version_1_lists_images_without_their_channel_number()
    {
        using var files = PhantomDataset.Decathlon("h_001");
        File.Move(Path.Combine(files.Path, "imagesTr", "h_001.nii.gz"), files.Image("h_001"));
        var only = Assert.Single(MedicalDataset.Open(files.Path).Cases);
        Assert.Equal(("h_001", files.Image("h_001")), (only.Id, only.ImageFiles[0]));
    }

    [Fact]
    public void A_dataset_without_any_label_map_opens_where_that_is_allowed()
    {
        using var files = PhantomDataset.NnUNet(1, "a", "b");
        File.Delete(files.Label("a"));
        Assert.Contains("a.nii.gz is missing", Assert.Throws<DatasetException>(() => MedicalDataset.Open(files.Path, requireLabels: false)).Message);
        File.Delete(files.Label("b"));
        Assert.Throws<DatasetException>(() => MedicalDataset.Open(files.Path));
        var dataset = MedicalDataset.Open(files.Path, requireLabels: false);
        Assert.False(dataset.HasLabels);
        Assert.All(dataset.Cases, c => Assert.Null(c.LabelFile));
        Assert.Equal(PhantomDataset.Labels, dataset.Labels);
        var report = DatasetCheck.Run(dataset, factor: 2);
        Assert.Empty(report.Problems);
        Assert.Contains(report.Warnings, w => w.Contains("no label maps", StringComparison.Ordinal));
        Assert.DoesNotContain(report.Warnings, w => w.Contains("cannot be learnt", StringComparison.Ordinal));

        Directory.Delete(Path.GetDirectoryName(files.Label("a"))!, recursive: true);
        files.Edit("\"labels\"", "\"Labels\"");
        Assert.Equal([0, 1], MedicalDataset.Open(files.Path, requireLabels: false).Labels.Select(l => l.Value));
    }

    [Fact]
    public void A_Decathlon_list_without_labels_opens_where_that_is_allowed()
    {
        using var files = PhantomDataset.Decathlon("h_001");
        Assert.True(MedicalDataset.Open(files.Path, requireLabels: false).HasLabels);
        string json = Path.Combine(files.Path, "dataset.json");
        File.WriteAllText(json, File.ReadAllText(json).Replace("\"label\"", "\"annotation\"", StringComparison.Ordinal));
        Assert.Contains("has no label", Assert.Throws<DatasetException>(() => MedicalDataset.Open(files.Path)).Message);
        Assert.False(MedicalDataset.Open(files.Path, requireLabels: false).HasLabels);
    }

    [Fact]
    public void Label_values_may_be_strings()
    {
        using var files = PhantomDataset.NnUNet(1, "a");
        files.Edit("\"Anterior\": 1", "\"Anterior\": \"1\"");
        Assert.Equal(PhantomDataset.Labels, MedicalDataset.Open(files.Path).Labels);
    }

    [Theory]
    [InlineData("\"Anterior\": 1", "\"Anterior\": [1, 2]", "region-based")]
    [InlineData("\"Anterior\": 1", "\"Anterior\": 1.5", "labels.Anterior is 1.5")]
    [InlineData("\"Anterior\": 1", "\"Anterior\": 2", "0, 2, 2")]
    [InlineData("\"Anterior\": 1", "\"Anterior\": 3", "without gaps")]
    [InlineData("\"background\": 0,", "", "without gaps")]
    [InlineData("\"Anterior\": 1", "\"ignore\": 1", "ignore")]
    [InlineData("\"labels\"", "\"Labels\"", "labels is missing")]
    [InlineData("\"0\": \"T1\"", "\"1\": \"T1\"", "number them from 0")]
    [InlineData("\"0\": \"T1\"", "\"T1\": \"0\"", "channel_names has the key \"T1\"")]
    [InlineData("\"0\": \"T1\"", "\"0\": \"T1\", \"1\": \"T2\"", "a_0001.nii.gz is missing")]
    [InlineData("\"channel_names\"", "\"channels\"", "neither channel_names")]
    [InlineData("\"numTraining\": 1", "\"numTraining\": 2", "numTraining is 2")]
    [InlineData("\".nii.gz\"", "\".dcm\"", "file_ending is \".dcm\"")]
    [InlineData("\".nii.gz\"", "\".nii\"", "empty")]
    [InlineData("\"labels\":", "\"labels\"", "not valid JSON (line 6)")]
    public void A_wrong_description_is_named(string from, string to, string message)
    {
        using var files = PhantomDataset.NnUNet(1, "a");
        files.Edit(from, to);
        AssertRefused(files, message);
    }

    [Fact]
    public void A_description_that_is_no_object_is_named()
    {
        using var files = PhantomDataset.NnUNet(1, "a");
        File.WriteAllText(files.Description, "[]");
        AssertRefused(files, "Array");
    }

    [Fact]
    public void A_folder_of_images_without_description_is_told_what_to_write()
    {
        using var files = PhantomDataset.NnUNet(1, "a");
        File.Delete(files.Description);
        AssertRefused(files, "has no dataset.json");
        AssertRefused(files, "channel_names");
    }

    [Fact]
    public void A_missing_folder_is_named() => Assert.Contains("/no/such", Assert.Throws<DatasetException>(() => MedicalDataset.Open("/no/such")).Message);

    [Fact]
    public void An_empty_dataset_is_refused_in_both_layouts()
    {
        using var nnUNet = PhantomDataset.NnUNet(1);
        AssertRefused(nnUNet, "no folder imagesTr");
        Directory.CreateDirectory(Path.Combine(nnUNet.Path, "imagesTr"));
        AssertRefused(nnUNet, "empty");
        using var decathlon = PhantomDataset.Decathlon();
        AssertRefused(decathlon, "empty");
    }

    [Fact]
    public void A_missing_label_or_image_is_named()
    {
        using var nnUNet = PhantomDataset.NnUNet(1, "a", "b");
        File.Delete(nnUNet.Label("b"));
        AssertRefused(nnUNet, nnUNet.Label("b") + " is missing");
        using var decathlon = PhantomDataset.Decathlon("a");
        File.Delete(Path.Combine(decathlon.Path, "imagesTr", "a.nii.gz"));
        AssertRefused(decathlon, "a.nii.gz is missing");
    }

    [Fact]
    public void A_surplus_channel_and_a_name_without_channel_are_named()
    {
        using var files = PhantomDataset.NnUNet(1, "a");
        File.Copy(files.Image("a"), files.Image("a", 1));
        AssertRefused(files, "channel 0001");
        File.Move(files.Image("a", 1), Path.Combine(files.Path, "imagesTr", "plain.nii.gz"));
        AssertRefused(files, "plain.nii.gz: the name does not end in a channel number");
    }

    [Fact]
    public void A_case_listed_twice_or_without_label_is_named()
    {
        using var files = PhantomDataset.Decathlon("a", "b");
        files.Edit("imagesTr/b", "imagesTr/a");
        AssertRefused(files, "case id a occurs twice");
        files.Edit("\"label\"", "\"mask\"");
        AssertRefused(files, "training[0] has no label");
    }

    [Fact]
    public void A_description_is_written_whole_or_not_at_all()
    {
        using var folder = new TempFolder();
        MedicalDataset.WriteDescription(folder["new"], "Häuser \"1\"", PhantomDataset.Labels, ["CT"], 3);
        Assert.Equal(["dataset.json"], Directory.EnumerateFileSystemEntries(folder["new"]).Select(Path.GetFileName));
        Assert.Contains("\"numTraining\": 3", File.ReadAllText(Path.Combine(folder["new"], "dataset.json")));
        Assert.Throws<DatasetException>(() => MedicalDataset.WriteDescription(folder["bad"], "x", [new(0, "background"), new(2, "gap")], ["CT"], 3));
        Assert.False(Directory.Exists(folder["bad"]));
        File.WriteAllText(folder["file"], "");
        Assert.Contains("cannot be written", Assert.Throws<IOException>(() => MedicalDataset.WriteDescription(folder["file"], "x", PhantomDataset.Labels, ["CT"], 3)).Message);
    }

    static void AssertRefused(PhantomDataset files, string message)
    {
        var e = Assert.Throws<DatasetException>(() => MedicalDataset.Open(files.Path));
        Assert.Contains(files.Path, e.Message);
        Assert.Contains(message, e.Message);
    }
}
