#!/usr/bin/python3
"""Writes metrics.json: overlap, surface distances (MedPy's definitions, written with scipy), distance transforms and 2-D SSIM (scikit-image).

Inputs are made by formulas that the C# tests repeat (make_numerics.py). Debian 12: scipy 1.10, scikit-image 0.19. Run: /usr/bin/python3 metrics.py
"""
import json
import pathlib

import numpy as np
from scipy import ndimage as ndi
from skimage.metrics import structural_similarity

from make_numerics import labels, noise, sampled, surface_distances


def measures(p, r, spacing):
    forth, back = surface_distances(p, r, spacing), surface_distances(r, p, spacing)
    both = np.hstack([forth, back])
    volume = (int(p.sum()) - int(r.sum())) * np.prod(spacing)
    return {
        "dice": 2 * np.sum(p & r) / (p.sum() + r.sum()), "jaccard": np.sum(p & r) / np.sum(p | r),
        "hd": both.max(), "hd95": np.percentile(both, 95), "hd50": np.percentile(both, 50), "assd": (forth.mean() + back.mean()) / 2,
        "surfaceDice": {str(t): np.mean(both <= t) for t in (0, 0.85, 2, 3.5)},
        "volume": volume, "relativeVolume": volume / (r.sum() * np.prod(spacing)), "surfaces": [forth.size, back.size],
    }


def clouds(seed):
    """Smoothed noise, thresholded: shapes with holes that touch every border. Sums of 27 voxels, exact in float32."""
    v = noise(seed, 12, 16, 14)
    v = np.floor(v * 64)
    return sum(np.roll(v, (a, b, c), (0, 1, 2)) for a in (-1, 0, 1) for b in (-1, 0, 1) for c in (-1, 0, 1)) > 27 * 33


def main():
    spacing = (4.0, 1.5, 0.8)
    seg, other = labels(), labels(1)
    a, b = clouds(11), clouds(12)
    far_a, far_b = np.zeros((300, 40, 30), bool), np.zeros((300, 40, 30), bool)
    far_a[2:9, 3:20, 2:5], far_b[280:299, 30:39, 20:29] = True, True
    big = 900 * noise(2, 14, 13, 15) + 100
    other_image = big + 200 * (noise(3, 14, 13, 15) - 0.5)
    r01, p01 = (big - big.min()) / np.ptp(big), (other_image - big.min()) / np.ptp(big)
    options = dict(data_range=1, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, win_size=11)
    edges = noise(13, 6, 7, 40) > 0.995
    result = {
        "labels": {str(k): measures(other == k, seg == k, spacing) for k in (1, 2, 3)},
        "clouds": measures(a, b, (1.7, 0.9, 1.1)), "cloudVoxels": int(a.sum()),
        "far": measures(far_a, far_b, (3.3, 0.7, 0.71)),
        "ssimSlices": {n: np.mean([structural_similarity(x, y, **options) for x, y in zip(np.moveaxis(r01, i, 0), np.moveaxis(p01, i, 0))])
                       for i, n in enumerate("ZYX")},
        "distance": sampled(ndi.distance_transform_edt(~edges, sampling=(2.5, 31.0, 0.3)), 80),
        "planeDistance": sampled(ndi.distance_transform_edt(~edges[3], sampling=(2.5, 0.3)), 40),
    }
    path = pathlib.Path(__file__).with_name("metrics.json")
    path.write_text(json.dumps(json.loads(json.dumps(result), parse_float=lambda s: float(f"{float(s):.12g}")), separators=(",", ":")) + "\n")
    print(path, path.stat().st_size)


main()
