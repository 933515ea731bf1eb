using System.Numerics.Tensors;

namespace REHRSeg.Imaging;

/// <summary>Mean structural similarity over the window's valid region (Wang et al., IEEE Transactions on Image Processing 13(4), 2004), in 3-D or slice by slice.</summary>
static class StructuralSimilarity
{
    const int WindowSize = 11;
    const double Sigma = 1.5, C1 = 0.01 * 0.01, C2 = 0.03 * 0.03;

    /// <summary>SSIM of two volumes after mapping both by <c>(v - offset) * scale</c>, for a data range of 1; along <paramref name="slices"/> the window is one voxel.</summary>
    public static double Mean(MLVolume a, MLVolume b, double offset, double scale, SliceAxis? slices = null)
    {
        double[] wx = Window(slices == SliceAxis.X ? 1 : a.Width), wy = Window(slices == SliceAxis.Y ? 1 : a.Height), wz = Window(slices == SliceAxis.Z ? 1 : a.Depth);
        int planes = a.Depth - wz.Length + 1;
        var sums = new double[planes];
        Parallel.For(0, planes, z => sums[z] = PlaneSum(a, b, offset, scale, z, wx, wy, wz));
        return sums.Sum() / ((double)planes * (a.Height - wy.Length + 1) * (a.Width - wx.Length + 1));
    }

    /// <summary>Normalised Gaussian weights, 11 or the largest odd number that fits.</summary>
    static double[] Window(int size)
    {
        int radius = Math.Min(WindowSize / 2, (size - 1) / 2);
        var weights = new double[2 * radius + 1];
        for (int i = 0; i < weights.Length; i++) weights[i] = Math.Exp(-(i - radius) * (i - radius) / (2 * Sigma * Sigma));
        TensorPrimitives.Divide(weights, weights.Sum(), weights);
        return weights;
    }

    static double PlaneSum(MLVolume a, MLVolume b, double offset, double scale, int z, double[] wx, double[] wy, double[] wz)
    {
        int w = a.Width, h = a.Height, plane = w * h;
        double[] x = new double[plane], y = new double[plane], product = new double[plane];
        double[] mx = new double[plane], my = new double[plane], mxx = new double[plane], myy = new double[plane], mxy = new double[plane];
        for (int k = 0; k < wz.Length; k++)
        {
            Map(a.Voxels.Slice((z + k) * plane, plane), offset, scale, x);
            Map(b.Voxels.Slice((z + k) * plane, plane), offset, scale, y);
            TensorPrimitives.MultiplyAdd(x, wz[k], mx, mx);
            TensorPrimitives.MultiplyAdd(y, wz[k], my, my);
            TensorPrimitives.Multiply(x, x, product);
            TensorPrimitives.MultiplyAdd(product, wz[k], mxx, mxx);
            TensorPrimitives.Multiply(y, y, product);
            TensorPrimitives.MultiplyAdd(product, wz[k], myy, myy);
            TensorPrimitives.Multiply(x, y, product);
            TensorPrimitives.MultiplyAdd(product, wz[k], mxy, mxy);
        }
        foreach (double[] field in (double[][])[mx, my, mxx, myy, mxy]) FilterPlane(field, product, w, h, wx, wy);
        double sum = 0;
        int valid = (w - wx.Length + 1) * (h - wy.Length + 1);
        for (int i = 0; i < valid; i++)
        {
            double vx = mxx[i] - mx[i] * mx[i], vy = myy[i] - my[i] * my[i], vxy = mxy[i] - mx[i] * my[i];
            sum += (2 * mx[i] * my[i] + C1) * (2 * vxy + C2) / ((mx[i] * mx[i] + my[i] * my[i] + C1) * (vx + vy + C2));
        }
        return sum;
    }

    static void Map(ReadOnlySpan<float> voxels, double offset, double scale, Span<double> mapped)
    {
        for (int i = 0; i < mapped.Length; i++) mapped[i] = (voxels[i] - offset) * scale;
    }

    /// <summary>Weighted means over the window's valid positions, packed at the start of <paramref name="field"/> row by row.</summary>
    static void FilterPlane(double[] field, double[] buffer, int w, int h, double[] wx, double[] wy)
    {
        int vw = w - wx.Length + 1, vh = h - wy.Length + 1;
        Array.Clear(buffer);
        for (int row = 0; row < h; row++)
        {
            var sum = buffer.AsSpan(row * vw, vw);
            for (int k = 0; k < wx.Length; k++) TensorPrimitives.MultiplyAdd(field.AsSpan(row * w + k, vw), wx[k], sum, sum);
        }
        Array.Clear(field);
        var result = field.AsSpan(0, vh * vw);
        for (int k = 0; k < wy.Length; k++) TensorPrimitives.MultiplyAdd(buffer.AsSpan(k * vw, vh * vw), wy[k], result, result);
    }
}
