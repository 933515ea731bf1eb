using System.Reflection;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace REHRSeg.Imaging.Tests;

/// <summary>Each internal of ML.NET that the product uses must be there: another ML.NET version fails here, by name, and not in a user's program.</summary>
public class MlNetInternalsTests
{
    const BindingFlags Any = BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic;
    static readonly Assembly Core = typeof(Microsoft.ML.Runtime.IHostEnvironment).Assembly;
    static readonly Assembly Data = typeof(MLContext).Assembly;

    [Theory]
    [InlineData("Microsoft.ML.ModelSaveContext", "CheckAtModel", "SetVersionInfo", "Writer", "SaveBinaryStream")]
    [InlineData("Microsoft.ML.ModelLoadContext", "CheckAtModel", "Reader", "TryLoadBinaryStream", "Header")]
    [InlineData("Microsoft.ML.ModelHeader", "ModelVerWritten", "ModelVerReadable")]
    [InlineData("Microsoft.ML.VersionInfo", ".ctor")]
    [InlineData("Microsoft.ML.LoadableClassAttribute", ".ctor")]
    [InlineData("Microsoft.ML.SignatureLoadModel", "Invoke")]
    [InlineData("Microsoft.ML.Runtime.IHostEnvironmentInternal", "GpuDeviceId", "FallbackToCpu")]
    [InlineData("Microsoft.ML.Runtime.ICancelable", "IsCanceled")]
    [InlineData("Microsoft.ML.MLContext", "CancelExecution")]
    [InlineData("Microsoft.ML.Data.CatalogUtils", "GetEnvironment")]
    [InlineData("Microsoft.ML.DataOperationsCatalog+TrainTestData", ".ctor")]
    [InlineData("Microsoft.ML.Data.ITransformerChainAccessor", "Transformers", "Scopes")]
    [InlineData("Microsoft.ML.SchemaShape", "Create")]
    [InlineData("Microsoft.ML.SchemaShape+Column", ".ctor")]
    public void Every_used_member_exists(string type, params string[] members)
    {
        var found = Core.GetType(type) ?? Data.GetType(type);
        Assert.True(found is not null, $"ML.NET has no type {type} any more");
        foreach (string member in members) Assert.True(found.GetMember(member, Any).Length > 0, $"{type} has no member {member} any more");
    }

    [Fact]
    public void Context_settings_are_seen()
    {
        var ml = new MLContext { GpuDeviceId = 3, FallbackToCpu = false };
        Assert.Equal((3, false), MlNetInternals.GpuSettings(MlNetInternals.EnvironmentOf(ml.Transforms)));
    }

    [Fact]
    public void Cancellation_of_the_context_reaches_a_token()
    {
        var ml = new MLContext();
        var host = MlNetInternals.EnvironmentOf(ml.Transforms).Register("Test");
        using var cancellation = new HostCancellation(host);
        Assert.False(cancellation.Token.IsCancellationRequested);
        MlNetInternals.Cancel(ml);
        Assert.True(cancellation.Token.WaitHandle.WaitOne(TimeSpan.FromSeconds(5)));
    }

    [Fact]
    public void A_callers_token_is_followed_too()
    {
        using var source = new CancellationTokenSource();
        using var cancellation = new HostCancellation(MlNetInternals.EnvironmentOf(new MLContext().Transforms).Register("Test"), source.Token);
        source.Cancel();
        Assert.True(cancellation.Token.IsCancellationRequested);
    }
}
