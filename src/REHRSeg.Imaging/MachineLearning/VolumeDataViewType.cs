using Microsoft.ML.Data;

namespace REHRSeg.Imaging;

/// <summary>
/// Column type of <see cref="MLVolume"/>. Volumes are immutable and have nothing to dispose, so the column can be cached,
/// shuffled and gathered in vectors, which ML.NET's own image column cannot.
/// </summary>
public sealed class VolumeDataViewType : PrimitiveDataViewType
{
    VolumeDataViewType() : base(typeof(MLVolume)) { }

    /// <summary>The type: volumes of any size and number of channels.</summary>
    public static VolumeDataViewType Instance { get; } = new();

    /// <inheritdoc/>
    public override bool Equals(DataViewType? other) => other is VolumeDataViewType;
    /// <inheritdoc/>
    public override int GetHashCode() => typeof(VolumeDataViewType).GetHashCode();
    /// <summary>"Volume".</summary>
    public override string ToString() => "Volume";
}

/// <summary>Marks a field or property of type <see cref="MLVolume"/> in a row class.</summary>
[AttributeUsage(AttributeTargets.Field | AttributeTargets.Property)]
public sealed class VolumeTypeAttribute : DataViewTypeAttribute
{
    /// <inheritdoc/>
    public override bool Equals(DataViewTypeAttribute? other) => other is VolumeTypeAttribute;
    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is VolumeTypeAttribute;
    /// <inheritdoc/>
    public override int GetHashCode() => typeof(VolumeTypeAttribute).GetHashCode();
    /// <summary>Called by ML.NET when it meets the attribute.</summary>
    public override void Register() => DataViewTypeManager.Register(VolumeDataViewType.Instance, typeof(MLVolume), this);
}
