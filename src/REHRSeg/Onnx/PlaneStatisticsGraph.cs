using REHRSeg.Onnx;
using static REHRSeg.OnnxGraphBuilder;

namespace REHRSeg;

/// <summary>
/// <see cref="PlaneStatistics"/> in an ONNX graph: averages over planes that a caller may correct, so that a plane can be computed in tiles. Inputs that have defaults and
/// need not be given: <c>statistics_offsets</c> <c>N x S</c> (0), <c>statistics_shares</c> <c>S</c> (1), <c>whole_plane</c> (yes); if not, <c>core_start</c> and
/// <c>core_end</c> name the rows and columns to measure. Output <c>statistics</c>, <c>N x S</c>, as measured.
/// </summary>
internal sealed class PlaneStatisticsGraph
{
    public const string Offsets = "statistics_offsets", Shares = "statistics_shares", Whole = "whole_plane", Start = "core_start", End = "core_end", Output = "statistics";

    readonly OnnxGraphBuilder _graph;
    readonly Queue<string> _offsets, _shares;
    readonly List<string> _measured = [];
    readonly int _count;

    public PlaneStatisticsGraph(OnnxGraphBuilder graph, SelfSrArchitecture a)
    {
        _graph = graph;
        _count = PlaneStatistics.Count(a);
        graph.Optional(Offsets, 0, "M", _count);
        graph.Optional(Shares, 1, _count);
        graph.Switch(Whole);
        graph.OptionalIntegers(Start, 2);
        graph.OptionalIntegers(End, 2);
        int w = a.Width;
        long[] sizes = [a.ImageChannels, 1, 1, 1, w, w, 2 * w, 2 * w, 4 * w, 4 * w, 8 * w, 8 * w, 4 * w, 2 * w, w, w, w];
        _offsets = Parts(graph.Node("Reshape", [Offsets, graph.Integers(-1, _count, 1, 1, 1)]));
        _shares = Parts(graph.Node("Reshape", [Shares, graph.Integers(1, _count, 1, 1, 1)]));

        Queue<string> Parts(string values) => new(graph.Node("Split", [values, graph.Integers(sizes)], sizes.Length, Attribute("axis", 1)));
    }

    /// <summary>The mean over slices, rows and columns, <c>N x C x 1 x 1 x 1</c>.</summary>
    public string Mean(string x) => Use(Measure(x, 1, part => _graph.Node("ReduceMean", [part], Attribute("axes", 2, 3, 4), Attribute("keepdims", 1))));

    /// <summary>The same as a gate has it, of a map with 1/<paramref name="scale"/> of the plane's rows and columns.</summary>
    public string Pool(string x, int scale) => Use(Measure(x, scale, part => _graph.Node("GlobalAveragePool", [part])));

    /// <summary>The largest magnitude, <c>N x 1 x 1 x 1 x 1</c>.</summary>
    public string Magnitude(string slice) =>
        Use(Measure(slice, 1, part => _graph.Node("ReduceMax", [_graph.Node("Abs", [part])], Attribute("axes", 1, 2, 3, 4), Attribute("keepdims", 1))));

    /// <summary>Adds the output.</summary>
    public void Finish()
    {
        _graph.Name(_graph.Node("Reshape", [_graph.Node("Concat", [.. _measured], Attribute("axis", 1)), _graph.Integers(-1, _count)]), Output);
        _graph.Output(Output, "N", _count);
    }

    /// <summary>Of all of x, or of its core.</summary>
    string Measure(string x, int scale, Func<string, string> measure) => _graph.If(Whole, () => measure(x), () =>
    {
        string At(string corner) => _graph.Node("Div", [corner, _graph.Integers(scale)]);
        return measure(_graph.Node("Slice", [x, At(Start), At(End), _graph.Integers(3, 4)]));
    });

    string Use(string measured)
    {
        _measured.Add(measured);
        return _graph.Node("Add", [_graph.Node("Mul", [measured, _shares.Dequeue()]), _offsets.Dequeue()]);
    }
}
