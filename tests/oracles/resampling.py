#!/usr/bin/python3
"""Writes resampling.json: values of scipy.ndimage and scikit-image for Resampler's public methods.

Inputs are made by formulas that the C# tests repeat (make_numerics.py: LCG noise, integer ellipsoids). Debian 12: scipy 1.10, scikit-image 0.19.
Run: /usr/bin/python3 resampling.py
"""
import json
import pathlib

import numpy as np
from scipy import ndimage as ndi
from scipy.spatial.transform import Rotation
from skimage.transform import resize

from make_numerics import labels, noise, sampled


class Grid:
    """Size, spacing, origin along x, y, z and direction cosines, as VolumeGeometry has them."""

    def __init__(self, size, spacing, origin, direction):
        self.size, self.origin = size, np.array(origin, float)
        self.matrix = np.array(direction, float).reshape(3, 3) @ np.diag(spacing)
        self.json = {"size": list(size), "spacing": list(spacing), "origin": list(origin), "direction": np.ravel(direction).tolist()}

    def indices_in(self, other):
        """Continuous (z, y, x) indices in another grid of all own voxels."""
        z, y, x = np.indices(self.size[::-1])
        physical = np.tensordot(self.matrix, np.stack([x, y, z]), 1) + self.origin.reshape(3, 1, 1, 1)
        index = np.tensordot(np.linalg.inv(other.matrix), physical - other.origin.reshape(3, 1, 1, 1), 1)
        return index[::-1]


def onto(image, source, target, order, fill=None):
    at = target.indices_in(source)
    out = ndi.map_coordinates(image, at, order=order, mode="nearest")
    return out if fill is None else np.where(outside(image.shape, at), fill, out)


def outside(shape, at):
    return np.any((at < -0.5) | (at > np.array(shape).reshape(3, 1, 1, 1) - 0.5), axis=0)


def vote(seg, at):
    """Linear one-hot shares; argmax gives equal shares to the smallest label."""
    values = np.unique(seg)
    shares = np.stack([ndi.map_coordinates((seg == v).astype(float), at, order=1, mode="nearest") for v in values])
    ranked = np.sort(shares, axis=0)
    assert np.all(ranked[-1] - ranked[-2] > 1e-6), "choose a grid without ties: scipy settles them by rounding noise"
    return values[shares.argmax(0)]


def main():
    tilted = Rotation.from_euler("xyz", [12, -25, 33], degrees=True).as_matrix()
    skew = Rotation.from_euler("xyz", [-4, 9, 7], degrees=True).as_matrix()
    source = Grid((9, 10, 7), (0.8, 1.5, 4.0), (5.0, -7.0, 11.0), skew)
    centre = source.matrix @ np.array([4, 4.5, 3]) + source.origin
    targets = {
        "oblique": Grid((11, 8, 9), (1.1, 1.7, 2.3), centre - tilted @ np.array([5.5, 6.5, 9.5]), tilted),
        "far": Grid((6, 5, 4), (6.0, 9.0, 11.0), centre - tilted @ np.array([15, 18, 17]), tilted),
        "parallel": Grid((13, 9, 12), (0.61, 1.93, 2.7), source.origin + skew @ np.array([-0.93, 1.1, -5.3]), skew),
        "flipped": Grid((9, 10, 15), (0.8, 1.5, 2.0), source.matrix @ np.array([8, 0, 6.2]) + source.origin, skew @ np.diag([-1, 1, -1])),
        "permuted": Grid((10, 7, 9), (1.5, 4.0, 0.8), source.origin, skew[:, [1, 2, 0]]),
    }
    image = noise(1, 7, 10, 9)
    flat = noise(7, 1, 6, 5)
    plane = Grid((5, 6, 1), (1.0, 1.0, 3.0), (0, 0, 0), np.eye(3))
    across = Grid((7, 4, 3), (0.7, 1.3, 1.0), (-0.4, 0.2, -0.9), Rotation.from_euler("xyz", [3, 0, 20], degrees=True).as_matrix())
    seg = labels()
    label_grid = Grid((15, 17, 11), (0.8, 1.5, 4.0), (0, 0, 0), np.eye(3))
    label_target = Grid((14, 13, 15), (0.9, 1.8, 2.9), (0.31, -0.47, 0.83), Rotation.from_euler("xyz", [5, 8, 11], degrees=True).as_matrix())
    at = label_target.indices_in(label_grid)
    half_pixel = np.meshgrid(*[(np.arange(m) + 0.5) * n / m - 0.5 for m, n in zip((14, 12, 23), seg.shape)], indexing="ij")
    zoomed = ndi.zoom(image, (2, 0.8, 3), order=3, mode="nearest", grid_mode=True)
    scale = np.array([7 / 14, 10 / 8, 9 / 27])
    transformed = ndi.affine_transform(image, scale, (scale - 1) / 2, zoomed.shape, order=3, mode="nearest")
    assert np.abs(zoomed - transformed).max() < 1e-9
    anisotropic = np.stack([resize(s, (13, 11), 3, mode="edge", clip=False, anti_aliasing=False) for s in noise(8, 6, 9, 8)])
    z = (np.arange(8) + 0.5) * 6 / 8 - 0.5
    result = {
        "source": source.json, "targets": {n: g.json for n, g in targets.items()},
        "plane": plane.json, "across": across.json, "labelTarget": label_target.json,
        "replicate": {n: {str(o): sampled(onto(image, source, g, o), 40) for o in (0, 1, 3)} for n, g in targets.items()},
        "fill": {n: {str(o): sampled(onto(image, source, g, o, -2.5), 40) for o in (0, 1, 3)} for n, g in targets.items()},
        "planeReplicate": {str(o): sampled(onto(flat, plane, across, o), 40) for o in (0, 1, 3)},
        "labelsNearest": sampled(onto(seg, label_grid, label_target, 0, 9), 200),
        "labelsArgmax": sampled(np.where(outside(seg.shape, at), 9, vote(seg, at)), 200),
        "resizeArgmax": sampled(vote(seg, half_pixel), 200),
        "zoom": sampled(zoomed, 80),
        "resize": {str(o): sampled(resize(image, (5, 17, 9), o, mode="edge", clip=False, anti_aliasing=False), 40) for o in (1, 3)},
        "separate": sampled(ndi.map_coordinates(anisotropic, np.meshgrid(z, np.arange(13), np.arange(11), indexing="ij"), order=0, mode="nearest"), 60),
    }
    path = pathlib.Path(__file__).with_name("resampling.json")
    path.write_text(json.dumps(json.loads(json.dumps(result), parse_float=lambda s: float(f"{float(s):.9g}")), separators=(",", ":")) + "\n")
    print(path, path.stat().st_size)


main()
