namespace REHRSeg.Imaging;

/// <summary>A volume file is damaged, hostile, or of a form that cannot be read. The message names file, field, value and remedy.</summary>
public sealed class VolumeFormatException(string message, Exception? inner = null) : IOException(message, inner);

/// <summary>Two volumes that must lie on the same voxel grid do not.</summary>
public sealed class GeometryMismatchException(string message) : InvalidOperationException(message);

/// <summary>A dataset is incomplete or contradicts itself. The message names dataset, case, field and remedy.</summary>
public sealed class DatasetException(string message, Exception? inner = null) : InvalidOperationException(message, inner);

/// <summary>A model file is damaged, of another program, or of a later format version.</summary>
public sealed class ModelFormatException(string message, Exception? inner = null) : IOException(message, inner);
