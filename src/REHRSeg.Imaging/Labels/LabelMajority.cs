namespace REHRSeg.Imaging;

/// <summary>The label of a thick slice's voxel from its thin ones (DESIGN.md section 4).</summary>
internal static class LabelMajority
{
    /// <summary>The most frequent of <paramref name="count"/> labels <paramref name="stride"/> apart; if two are equally frequent, that of slice <paramref name="centre"/>.</summary>
    public static T Of<T>(ReadOnlySpan<T> labels, int count, int stride, int centre) where T : struct, IEquatable<T>
    {
        T best = labels[0];
        int most = 0;
        bool tied = false;
        for (int k = 0; k < count; k++)
        {
            T label = labels[k * stride];
            if (most > 0 && label.Equals(best)) continue;
            int votes = 0;
            for (int l = 0; l < count; l++) if (labels[l * stride].Equals(label)) votes++;
            if (votes > most) (best, most, tied) = (label, votes, false);
            else if (votes == most && !label.Equals(best)) tied = true;
            if (2 * most > count) break;
        }
        return tied ? labels[centre * stride] : best;
    }
}
