using static REHRSeg.Imaging.Tests.NumericsOracle;

namespace REHRSeg.Imaging.Tests;

public class SliceProfileTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void GaussianEqualsItsFormula(int i)
    {
        var expected = Get("gaussian")[i];
        var profile = SliceProfile.Gaussian(expected.GetProperty("factor").GetInt32(), expected.GetProperty("fwhm").GetDouble());
        double[] weights = Numbers(expected.GetProperty("weights"));
        Assert.Equal(expected.GetProperty("first").GetInt32(), profile.First);
        Assert.Equal(weights.Length, profile.Weights.Count);
        for (int k = 0; k < weights.Length; k++) Assert.Equal(weights[k], profile.Weights[k], 1e-6);
    }

    /// <summary>METHOD.md section 3.2: FWHM 4, radius 6.</summary>
    [Fact]
    public void GaussianEqualsTheTableOfOddTaps()
    {
        double[] table = [.00046, .00309, .01468, .04938, .11744, .19751, .23488, .19751, .11744, .04938, .01468, .00309, .00046];
        var profile = SliceProfile.Gaussian(5, 4);
        Assert.Equal(table.Length, profile.Weights.Count);
        for (int k = 0; k < table.Length; k++) Assert.Equal(table[k], profile.Weights[k], 1e-5);
    }

    /// <summary>METHOD.md section 3.2; even factors are the table's taps between [-.09375, .59375, .59375, -.09375].</summary>
    [Theory]
    [InlineData(3, -2, new[] { .00102, .00109, .33183, .33213, .33183, .00109, .00102 })]
    [InlineData(5, -3, new[] { .00049, .00102, .00141, .19866, .19895, .19895, .19895, .19866, .00141, .00102, .00049 })]
    [InlineData(2, -3, new[] { -.000293, -.0000278, -.07559, .57591, .57591, -.07559, -.0000278, -.000293 })]
    public void SlrEqualsTheTable(int factor, int first, double[] table)
    {
        var profile = SliceProfile.Slr(factor);
        Assert.Equal(first, profile.First);
        Assert.Equal(table.Length, profile.Weights.Count);
        for (int k = 0; k < table.Length; k++) Assert.Equal(table[k], profile.Weights[k], 1e-4);
    }

    public static TheoryData<SliceProfile> All()
    {
        var data = new TheoryData<SliceProfile>();
        for (int r = 2; r <= 6; r++)
        {
            data.Add(SliceProfile.Gaussian(r));
            data.Add(SliceProfile.Gaussian(r, 0.4));
            data.Add(SliceProfile.Slr(r));
        }
        return data;
    }

    [Theory]
    [MemberData(nameof(All), DisableDiscoveryEnumeration = true)]
    public void ProfilesAreNormalisedSymmetricAndCentredOnTheBlock(SliceProfile profile)
    {
        var w = profile.Weights;
        Assert.Equal(1, w.Sum(), 1e-5);
        for (int k = 0; k < w.Count; k++) Assert.Equal(w[k], w[w.Count - 1 - k], 1e-7f);
        Assert.Equal((profile.Factor - 1) / 2.0, profile.First + (w.Count - 1) / 2.0);
        Assert.True(profile.First <= 0);
    }

    [Fact]
    public void FactorsOutOfRangeAreRefused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => SliceProfile.Gaussian(1));
        Assert.Throws<ArgumentOutOfRangeException>(() => SliceProfile.Gaussian(4, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => SliceProfile.Slr(7));
    }

    /// <summary>FWHM = thickness / (spacing / r), by the definition of the Gaussian at half its width.</summary>
    [Theory]
    [InlineData(4, 3, 4)]   // a gap of 1 mm
    [InlineData(4, 4, 4)]
    [InlineData(4, 6, 4)]   // an overlap of 2 mm
    [InlineData(3, 5, 3.6)]
    public void Thickness_sets_the_width(int factor, double thickness, double spacing)
    {
        var profile = SliceProfile.ForThickness(factor, thickness, spacing);
        double fwhm = thickness / (spacing / factor), centre = (factor - 1) / 2.0;
        for (int i = 0; i < profile.Weights.Count; i++)
        {
            double d = profile.First + i - centre;
            Assert.Equal(Math.Pow(2, -4 * d * d / (fwhm * fwhm)) / Math.Pow(2, -4 * Math.Pow(profile.First - centre, 2) / (fwhm * fwhm)), profile.Weights[i] / (double)profile.Weights[0], 2e-4 * profile.Weights[i] / profile.Weights[0]);
        }
        Assert.Equal(1, profile.Weights.Sum(), 1e-5);
        Assert.Equal(factor, profile.Factor);
    }

    [Theory]
    [InlineData(0.39)]
    [InlineData(16.1)]
    [InlineData(double.NaN)]
    [InlineData(-1)]
    public void Thickness_out_of_range_is_refused(double thickness) =>
        Assert.Contains("0.1 to 4 times", Assert.Throws<ArgumentOutOfRangeException>(() => SliceProfile.ForThickness(4, thickness, 4)).Message);
}
