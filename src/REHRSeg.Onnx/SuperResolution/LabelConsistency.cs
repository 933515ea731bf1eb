using REHRSeg.Imaging;

namespace REHRSeg.Onnx;

/// <summary>
/// Makes r thin labels agree with the thick label that they were super-resolved from: their majority (ties to the lower-centre slice, DESIGN.md section 4)
/// is the thick label, at the least loss of logit. The thick label is known, so a network that contradicts it is wrong for sure.
/// </summary>
internal static class LabelConsistency
{
    /// <summary>Changes the classes of one voxel column if they contradict the thick class.</summary>
    /// <param name="classes">The r classes chosen by the largest logit.</param>
    /// <param name="logits">Of class 1, 2, ... for slice 0 to r-1 each, <c>L x r</c>; the background's is 0.</param>
    /// <param name="thick">Class of the thick voxel.</param>
    /// <returns>True if something was changed.</returns>
    /// <remarks>
    /// Slices are given the thick class one after the other, the cheapest first, until it has the majority; or the lower-centre slice first, because it decides
    /// ties. The cheaper way is taken: the best of all assignments for two classes, of random logits for three in four cases of five.
    /// </remarks>
    public static bool Restore(Span<int> classes, ReadOnlySpan<float> logits, int thick)
    {
        if (Majority(classes) == thick) return false;
        int r = classes.Length;
        Span<float> costs = stackalloc float[r];
        Span<int> order = stackalloc int[r], cheapest = stackalloc int[r], centred = stackalloc int[r];
        for (int t = 0; t < r; t++)
        {
            (order[t], costs[t]) = (t, Logit(logits, r, classes[t], t) - Logit(logits, r, thick, t));
            for (int k = t; k > 0 && costs[order[k]] < costs[order[k - 1]]; k--) (order[k], order[k - 1]) = (order[k - 1], order[k]);
        }
        classes.CopyTo(cheapest);
        classes.CopyTo(centred);
        int centre = (r - 1) / 2;
        float least = Assign(cheapest, order, costs, thick), other = costs[centre];
        centred[centre] = thick;
        other += Assign(centred, order, costs, thick);
        (other < least ? centred : cheapest).CopyTo(classes);
        return true;
    }

    static float Assign(Span<int> classes, ReadOnlySpan<int> order, ReadOnlySpan<float> costs, int thick)
    {
        float cost = 0;
        foreach (int t in order)
        {
            if (Majority(classes) == thick) break;
            if (classes[t] != thick) cost += costs[t];
            classes[t] = thick;
        }
        return cost;
    }

    static float Logit(ReadOnlySpan<float> logits, int r, int label, int slice) => label == 0 ? 0 : logits[(label - 1) * r + slice];

    /// <summary>The most frequent class; of a tie, the lower-centre slice's.</summary>
    public static int Majority(ReadOnlySpan<int> classes) => LabelMajority.Of(classes, classes.Length, 1, (classes.Length - 1) / 2);
}
