using Microsoft.ML;
using Microsoft.ML.Data;

namespace REHRSeg.Imaging.Tests;

public class PatientFoldsTests
{
    readonly MLContext _ml = new(seed: 1);

    sealed class Row
    {
        public string Id { get; set; } = "";
        public string Patient { get; set; } = "";
        public int Number { get; set; }
        public float Value { get; set; }
    }

    static Row[] Rows(int n) => [.. Enumerable.Range(0, n).Select(i => new Row { Id = $"case_{i:000}", Patient = $"p{i / 2:00}", Number = i / 3, Value = i })];

    string[] Ids(IDataView view) => [.. view.GetColumn<string>("Id")];

    [Fact]
    public void Folds_are_nnUNets_and_the_tools()
    {
        var data = _ml.Data.LoadFromEnumerable(Rows(76));
        var expected = CrossValidationFolds.Split(Rows(76).Select(r => r.Id));
        Assert.Equal([2, 4, 13, 26, 28, 30, 32, 40, 44, 49, 50, 52, 53, 57, 58, 69], Ids(_ml.Data.PatientFolds(data)[0].TestSet).Select(id => int.Parse(id[5..])));
        foreach (var (fold, (train, test)) in expected.Zip(_ml.MedicalImaging.CrossValidationFolds(data).Select(f => (f.TrainSet, f.TestSet))))
        {
            Assert.Equal(fold.Train, Ids(train));
            Assert.Equal(fold.Validation, Ids(test));
        }
        Assert.Equal(CrossValidationFolds.Split(Rows(76).Select(r => r.Id), 3, 5)[1].Validation, Ids(_ml.Data.PatientFolds(data, 3, seed: 5)[1].TestSet));
    }

    [Theory]
    [InlineData("Patient")]
    [InlineData("Number")]
    public void Rows_of_a_patient_stay_together(string column)
    {
        var rows = Rows(23);
        string PatientOf(string id) => rows.Single(r => r.Id == id) is var row && column == "Patient" ? row.Patient : $"{row.Number}";
        var folds = _ml.Data.PatientFolds(_ml.Data.LoadFromEnumerable(rows), 4, column);
        Assert.Equal(rows.Select(r => r.Id), folds.SelectMany(f => Ids(f.TestSet)).Order());
        foreach (var fold in folds)
        {
            string[] train = Ids(fold.TrainSet), test = Ids(fold.TestSet);
            Assert.Equal(rows.Select(r => r.Id), train.Concat(test).Order());
            Assert.Empty(train.Select(PatientOf).Intersect(test.Select(PatientOf)));
        }
        var patients = folds.Select(f => Ids(f.TestSet).Select(PatientOf).Distinct().Count()).ToArray();
        Assert.InRange(patients.Max() - patients.Min(), 0, 1);
    }

    [Fact]
    public void Folds_serve_MLNets_own_components()
    {
        var fold = _ml.Data.PatientFolds(_ml.Data.LoadFromEnumerable(Rows(10)))[0];
        var scaled = _ml.Transforms.NormalizeMinMax("Value").Fit(fold.TrainSet).Transform(fold.TestSet);
        Assert.Equal([0f, 7 / 9f], scaled.GetColumn<float>("Value"));
        Assert.Equal(Ids(fold.TrainSet), Ids(_ml.Data.ShuffleRows(fold.TrainSet, seed: 3)).Order());
        Assert.Equal(Ids(fold.TrainSet), Ids(_ml.Data.Cache(fold.TrainSet)));
        using var cursor = fold.TestSet.GetRowCursor([fold.TestSet.Schema["Value"]]);
        Assert.True(cursor.MoveNext());
        Assert.Equal(0, cursor.Position);
        Assert.False(cursor.IsColumnActive(fold.TestSet.Schema["Id"]));
        Assert.Throws<InvalidOperationException>(() => cursor.GetGetter<ReadOnlyMemory<char>>(fold.TestSet.Schema["Id"]));
        Assert.True(cursor.MoveNext());
        Assert.False(cursor.MoveNext());
        Assert.Equal(-1, cursor.Position);
    }

    [Fact]
    public void What_cannot_be_split_is_refused()
    {
        var rows = Rows(6);
        var data = _ml.Data.LoadFromEnumerable(rows);
        Assert.Contains("3 case(s) cannot be split into 4 folds", Assert.Throws<ArgumentException>(() => _ml.Data.PatientFolds(data, 4, "Patient")).Message);
        Assert.Throws<ArgumentOutOfRangeException>(() => _ml.Data.PatientFolds(data, 1));
        Assert.Contains("'Nobody'", Assert.Throws<ArgumentOutOfRangeException>(() => _ml.Data.PatientFolds(data, 2, "Nobody")).Message);
        Assert.Contains("Single", Assert.Throws<ArgumentOutOfRangeException>(() => _ml.Data.PatientFolds(data, 2, "Value")).Message);
        rows[3].Patient = " ";
        Assert.Contains("Row 3 has no 'Patient'", Assert.Throws<DatasetException>(() => _ml.Data.PatientFolds(data, 2, "Patient")).Message);
    }
}
