#!/usr/bin/python3
"""Writes numerics.json: expected values for resampling, slice profiles, distances and metrics.

Inputs are made by formulas that the C# tests repeat (LCG noise and an integer ellipsoid), so only results are stored.
Debian 12: scipy 1.10, scikit-image 0.19. Run: /usr/bin/python3 make_numerics.py
"""
import json
import pathlib

import numpy as np
from scipy import ndimage as ndi
from skimage.metrics import peak_signal_noise_ratio, structural_similarity
from skimage.transform import resize


def noise(seed, *shape):
    """s <- 1664525 s + 1013904223 mod 2^32; value = (s >> 8) / 2^24 (exact in float32)."""
    s, out = seed, np.empty(int(np.prod(shape)))
    for i in range(out.size):
        s = (s * 1664525 + 1013904223) & 0xFFFFFFFF
        out[i] = (s >> 8) / 2.0**24
    return out.reshape(shape)


def blob(shape, centre, radii):
    """Voxels with ((z-cz) ry rx)^2 + ((y-cy) rz rx)^2 + ((x-cx) rz ry)^2 <= (rz ry rx)^2, all integers."""
    z, y, x = np.indices(shape)
    rz, ry, rx = radii
    return (((z - centre[0]) * ry * rx)**2 + ((y - centre[1]) * rz * rx)**2 + ((x - centre[2]) * rz * ry)**2
            <= (rz * ry * rx)**2)


def labels(shift=0):
    """D,H,W = 11,17,15: label 1, with label 3 inside it, and label 2 beside."""
    v = np.zeros((11, 17, 15))
    v[blob(v.shape, (5 + shift, 7, 6 + shift), (4, 6, 5))] = 1
    v[blob(v.shape, (5, 8, 6), (2, 3, 3))] = 3
    v[blob(v.shape, (4, 13 - shift, 11), (3, 3, 3))] = 2
    return v


def sampled(a, count=60):
    flat = np.asarray(a, dtype=float).ravel()
    index = np.unique(np.linspace(0, flat.size - 1, count).astype(int))
    return {"shape": list(np.shape(a)), "mean": flat.mean(), "square": (flat**2).mean(),
            "index": index.tolist(), "value": flat[index].tolist()}


def map_to(image, shape, orders):
    """map_coordinates at half-pixel positions, axis by axis (exact, since the interpolation is separable)."""
    out = image
    for axis, (m, order) in enumerate(zip(shape, orders)):
        n = image.shape[axis]
        x = (np.arange(m) + 0.5) * n / m - 0.5
        grid = np.meshgrid(*[x if a == axis else np.arange(s) for a, s in enumerate(out.shape)], indexing="ij")
        out = ndi.map_coordinates(out, grid, order=order, mode="nearest")
    return out


def resize_segmentation(seg, shape, separate_z):
    """nnU-Net's rule."""
    out = np.zeros(shape)
    for label in np.unique(seg):
        one = (seg == label).astype(float)
        if separate_z:
            part = np.stack([resize(s, shape[1:], 1, mode="edge", anti_aliasing=False) for s in one])
            part = map_to(part, shape, (0, 1, 1))
        else:
            part = resize(one, shape, 1, mode="edge", clip=True, anti_aliasing=False)
        assert np.all(np.abs(part - 0.5) > 1e-6), "choose a size without ties: scikit-image settles them by rounding noise"
        out[part >= 0.5] = label
    return out


def surface_distances(a, b, spacing):
    structure = ndi.generate_binary_structure(3, 1)
    surface_a = a ^ ndi.binary_erosion(a, structure)
    surface_b = b ^ ndi.binary_erosion(b, structure)
    return ndi.distance_transform_edt(~surface_b, sampling=spacing)[surface_a]


def hd95(a, b, spacing):
    """MedPy's hd95, written with scipy."""
    return np.percentile(np.hstack([surface_distances(a, b, spacing), surface_distances(b, a, spacing)]), 95)


def signed_distance_two_class(mask, factor, spacing):
    """Slices all hold the mask: interpolated 2-D signed distance, positive = 1."""
    phi = np.stack([ndi.distance_transform_edt(s, sampling=spacing) - ndi.distance_transform_edt(~s, sampling=spacing) for s in mask])
    x = np.clip((np.arange(len(mask) * factor) + 0.5) / factor - 0.5, 0, len(mask) - 1)
    low = np.minimum(x.astype(int), len(mask) - 2)
    t = (x - low)[:, None, None]
    return ((1 - t) * phi[low] + t * phi[low + 1] > 1e-5).astype(float)


def ssim_shrunk(a, b, windows):
    """SSIM by its formula with one Gaussian window per axis, valid region."""
    def mean(v):
        for axis, n in enumerate(windows):
            k = np.exp(-(np.arange(n) - n // 2)**2 / (2 * 1.5**2))
            v = ndi.correlate1d(v, k / k.sum(), axis=axis, mode="nearest")
            v = np.take(v, np.arange(n // 2, v.shape[axis] - n // 2), axis=axis)
        return v
    ma, mb = mean(a), mean(b)
    va, vb, cov = mean(a * a) - ma**2, mean(b * b) - mb**2, mean(a * b) - ma * mb
    return (((2 * ma * mb + 1e-4) * (2 * cov + 9e-4)) / ((ma**2 + mb**2 + 1e-4) * (va + vb + 9e-4))).mean()


def gaussian(factor, fwhm):
    sigma = fwhm / (2 * np.sqrt(2 * np.log(2)))
    centre = (factor - 1) / 2
    first = int(np.floor(centre - 3 * sigma))
    p = np.arange(first, factor - first)
    w = np.exp(-0.5 * ((p - centre) / sigma)**2)
    return {"factor": factor, "fwhm": fwhm, "first": first, "weights": (w / w.sum()).tolist()}


def main():
    image = noise(1, 7, 10, 9)
    seg, other = labels(), labels(1)
    spacing = (4.0, 1.5, 0.8)
    big = 900 * noise(2, 14, 13, 15) + 100
    reference, prediction = big, big + 200 * (noise(3, 14, 13, 15) - 0.5)
    low, span = reference.min(), np.ptp(reference)
    r01, p01 = (reference - low) / span, (prediction - low) / span
    low6, span6 = reference[:6].min(), np.ptp(reference[:6])
    thin_a, thin_b = (reference[:6] - low6) / span6, (prediction[:6] - low6) / span6
    pair = np.stack([blob((1, 21, 19), (0, 9 + i, 8), (1, 7 - i, 4 + i))[0] for i in range(4)])
    feature = noise(4, 9, 12, 10) > 0.97
    kernel = np.array(gaussian(4, 4.0)["weights"])
    line = noise(5, 18)
    first = gaussian(4, 4.0)["first"]
    thick = [sum(w * line[min(max(1 + 4 * j + first + k, 0), 17)] for k, w in enumerate(kernel)) for j in range(4)]
    result = {
        "noise": noise(1, 5).tolist(),
        "resize3": sampled(resize(image, (12, 23, 6), 3, mode="edge", clip=False, anti_aliasing=False)),
        "resize3separate": sampled(map_to(image, (12, 23, 6), (0, 3, 3))),
        "resize1": sampled(resize(image, (12, 23, 6), 1, mode="edge", clip=False, anti_aliasing=False)),
        "refine3": {name: sampled(map_to(image, tuple(4 * s if a == axis else s for a, s in enumerate(image.shape)), (3, 3, 3)))
                    for axis, name in enumerate("ZYX")},
        "refine3short": sampled(map_to(noise(6, 2, 3, 1), (8, 3, 1), (3, 3, 3))),
        "labels": sampled(resize_segmentation(seg, (14, 12, 23), False), 400),
        "labelsSeparate": sampled(resize_segmentation(seg, (14, 12, 23), True), 400),
        "distance": sampled(ndi.distance_transform_edt(~feature, sampling=spacing)),
        "signedDistance": sampled(signed_distance_two_class(pair, 4, (0.7, 1.3)), 1500),
        "gaussian": [gaussian(5, 4.0), gaussian(3, 3.0), gaussian(4, 4.0), gaussian(2, 2.0)],
        "thickLine": thick,
        "metrics": {
            "dice": {str(k): 2 * np.sum((seg == k) & (other == k)) / (np.sum(seg == k) + np.sum(other == k)) for k in (1, 2, 3)},
            "hd95": {str(k): hd95(other == k, seg == k, spacing) for k in (1, 2)},
            "psnr": peak_signal_noise_ratio(r01, p01, data_range=1),
            "ssim": structural_similarity(r01, p01, data_range=1, gaussian_weights=True, sigma=1.5,
                                          use_sample_covariance=False, win_size=11),
            "ssimShrunk": ssim_shrunk(thin_a, thin_b, (5, 11, 11)),
        },
    }
    assert abs(ssim_shrunk(r01, p01, (11, 11, 11)) - result["metrics"]["ssim"]) < 1e-9
    path = pathlib.Path(__file__).with_name("numerics.json")
    path.write_text(json.dumps(json.loads(json.dumps(result), parse_float=lambda s: float(f"{float(s):.9g}")), indent=None, separators=(",", ":")) + "\n")
    print(path, path.stat().st_size, result["metrics"])


if __name__ == "__main__":
    main()
