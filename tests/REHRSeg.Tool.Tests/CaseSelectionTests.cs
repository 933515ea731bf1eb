using System.Text.Json;
using REHRSeg.Imaging;

namespace REHRSeg.Tool.Tests;

public sealed class CaseSelectionTests
{
    static readonly MedicalCase[] Cases = [.. "abcd".Select(id => new MedicalCase($"{id}", [$"{id}.nii"], null))];

    static string Write(TemporaryFolder folder, string text)
    {
        File.WriteAllText(folder["splits.json"], text);
        return folder["splits.json"];
    }

    [Fact]
    public void Cases_are_named_or_a_folds_validation_cases()
    {
        using var folder = new TemporaryFolder();
        string splits = Write(folder, JsonSerializer.Serialize(new Fold[] { new(["a", "b"], ["c", "d"]), new(["c", "d"], ["b"]) }, ToolConsole.JsonForm));
        Assert.Equal(["a", "c"], CaseSelection.Apply(Cases, "c, a").Select(c => c.Id));
        Assert.Equal(["c", "d"], CaseSelection.Apply(Cases, splits + ":0").Select(c => c.Id));
        Assert.Equal(["b"], CaseSelection.Apply(Cases, splits + ":1").Select(c => c.Id));
        Assert.Contains("0 to 1", Assert.Throws<UsageException>(() => CaseSelection.Apply(Cases, splits + ":2")).Message, StringComparison.Ordinal);
        Assert.Contains(splits + ":0", Assert.Throws<UsageException>(() => CaseSelection.Apply(Cases, splits)).Message, StringComparison.Ordinal);
        Assert.Contains("example x", Assert.Throws<DatasetException>(() => CaseSelection.Apply(Cases, "a,x")).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[]", "--fold")]
    [InlineData("{}", "splits.json of")]
    public void A_file_without_folds_is_explained(string text, string part)
    {
        using var folder = new TemporaryFolder();
        string splits = Write(folder, text);
        Assert.Contains(part, Assert.Throws<DatasetException>(() => CaseSelection.Apply(Cases, splits + ":0")).Message, StringComparison.Ordinal);
    }
}
