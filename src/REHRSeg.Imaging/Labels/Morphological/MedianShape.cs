namespace REHRSeg.Imaging;

/// <summary>
/// The shape halfway between two overlapping ones (Albu et al. 2008, with the distance transform of Zukić et al. 2016 in place of repeated
/// dilations): their intersection, grown inside their union up to the distance at which it differs from both by equally many pixels.
/// </summary>
internal static class MedianShape
{
    /// <summary>Distances are told apart in steps of 1/10 pixel.</summary>
    const float Steps = 10;

    public static PlaneShape Between(PlaneShape a, PlaneShape b)
    {
        var box = a.Box.Union(b.Box);
        bool[] inA = Mask(a, box), inB = Mask(b, box), both = new bool[inA.Length];
        for (int i = 0; i < both.Length; i++) both[i] = inA[i] && inB[i];
        float[] distance = DistanceTransform.Squared(both, [box.Width, box.Height], [1, 1]);
        float farthest = 0;
        for (int i = 0; i < distance.Length; i++)
        {
            distance[i] = inA[i] || inB[i] ? MathF.Sqrt(distance[i]) : float.PositiveInfinity;
            if (inA[i] != inB[i]) farthest = Math.Max(farthest, distance[i]);
        }
        var (onlyA, onlyB) = (new int[(int)(Steps * farthest) + 1], new int[(int)(Steps * farthest) + 1]);
        for (int i = 0; i < distance.Length; i++)
            if (inA[i] != inB[i]) (inA[i] ? onlyA : onlyB)[(int)(Steps * distance[i])]++;
        float limit = Balance(onlyA, onlyB) / Steps;
        for (int i = 0; i < both.Length; i++) both[i] = distance[i] <= limit;
        return new(box, both);
    }

    /// <summary>The first step at which the pixels still missing of one shape and already taken of the other balance best.</summary>
    static int Balance(int[] onlyA, int[] onlyB)
    {
        int surplus = onlyA.Sum() - onlyB.Sum(), best = 0, least = int.MaxValue;
        for (int step = 0, taken = 0; step < onlyA.Length; step++)
        {
            taken += onlyA[step] - onlyB[step];
            int difference = Math.Abs(surplus - 2 * taken);
            if (difference < least) (best, least) = (step, difference);
        }
        return best;
    }

    static bool[] Mask(PlaneShape shape, PlaneBox box)
    {
        var mask = new bool[box.Area];
        for (int y = shape.Box.Y; y < shape.Box.Bottom; y++) shape.Row(y).CopyTo(mask.AsSpan((y - box.Y) * box.Width + shape.Box.X - box.X));
        return mask;
    }
}
