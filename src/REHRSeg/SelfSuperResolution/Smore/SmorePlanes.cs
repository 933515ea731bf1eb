using TorchSharp;

namespace REHRSeg;

/// <summary>SMORE's way from 2-D planes to a volume: 0 and 90 degrees, averaged (METHOD.md 10.1 [R]).</summary>
internal static class SmorePlanes
{
    /// <summary>Voxels of the thick planes computed at once, about: bounds the memory of the network's activations.</summary>
    const int BatchVoxels = 1 << 15;

    /// <summary>Applies the network to all planes (slices by y) along x and all planes (slices by x) along y.</summary>
    /// <param name="network">On <paramref name="device"/>.</param>
    /// <param name="device">Where it computes.</param>
    /// <param name="thick"><c>(C+L) x D x H x W</c> on the CPU.</param>
    /// <param name="mirroring">Average each plane over its mirror images in both axes.</param>
    /// <param name="progress">Receives the finished part, 0 to 1.</param>
    /// <param name="cancellationToken">Stops between batches of planes.</param>
    /// <returns><c>(C+L) x rD x H x W</c> on the CPU: image, then label logits.</returns>
    public static torch.Tensor Run(WdsrNetwork network, torch.Device device, torch.Tensor thick, bool mirroring, IProgress<double>? progress, CancellationToken cancellationToken)
    {
        var (channels, depth, height, width) = (thick.shape[0], thick.shape[1], thick.shape[2], thick.shape[3]);
        var sum = torch.zeros([channels, depth * network.Architecture.Factor, height, width], torch.ScalarType.Float32);
        float share = mirroring ? 1 / 8f : 1 / 2f;
        double done = 0;
        // Planes first, then channels, slices, columns; the sum in the same order is a view.
        Orient(thick.permute(3, 0, 1, 2), sum.permute(3, 0, 1, 2));
        Orient(thick.permute(2, 0, 1, 3), sum.permute(2, 0, 1, 3));
        return sum;

        void Orient(torch.Tensor planes, torch.Tensor target)
        {
            long count = planes.shape[0], most = Math.Max(2, BatchVoxels / (planes.shape[2] * planes.shape[3]));
            for (long first = 0; first < count; first += most)
            {
                cancellationToken.ThrowIfCancellationRequested();
                using var scope = torch.NewDisposeScope();
                long batch = Math.Min(most, count - first);
                var input = planes.narrow(0, first, batch).contiguous().to(device);
                foreach (long[] mirror in mirroring ? (long[][])[[], [2], [3], [2, 3]] : [[]])
                {
                    var (image, logits) = network.forward(mirror.Length > 0 ? input.flip(mirror) : input);
                    var output = torch.cat([image, logits], 1);
                    target.narrow(0, first, batch).PlusInPlace((mirror.Length > 0 ? output.flip(mirror) : output).cpu(), share);
                }
                progress?.Report((done + first + batch) / (height + width));
            }
            done += count;
        }
    }
}
