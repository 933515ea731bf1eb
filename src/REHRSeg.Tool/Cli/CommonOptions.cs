using System.CommandLine;
using REHRSeg.Imaging;

namespace REHRSeg.Tool;

/// <summary>Options that several verbs share.</summary>
internal static class CommonOptions
{
    public static Option<string> Path(string name, string description, bool required = true) => new(name) { Description = description, Required = required };

    public static Option<int?> Factor(string description = "Thin slices per thick slice, at least 2. Default: slice spacing / in-plane spacing, rounded.")
    {
        var option = new Option<int?>("--factor") { Description = description };
        option.Validators.Add(r => { if (r.GetValueOrDefault<int?>() is < 2) r.AddError("--factor must be at least 2."); });
        return option;
    }

    public static Option<string?> Axis()
    {
        var option = new Option<string?>("--axis") { Description = "Slice axis x, y or z (voxel index order). Default: the axis of largest spacing." };
        option.AcceptOnlyFromAmong("x", "y", "z");
        return option;
    }

    public static Option<double?> SliceThickness()
    {
        var option = new Option<double?>("--slice-thickness") { Description = "Slice thickness in mm where it is not the slice spacing: smaller with a gap, larger with overlapping slices." };
        option.Validators.Add(r => { if (r.GetValueOrDefault<double?>() is { } mm && !(mm > 0 && double.IsFinite(mm))) r.AddError("--slice-thickness must be a positive number of mm."); });
        return option;
    }

    public static SliceAxis? ParseAxis(string? axis) => axis switch { "x" => SliceAxis.X, "y" => SliceAxis.Y, "z" => SliceAxis.Z, _ => null };
}
