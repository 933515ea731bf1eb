"""Resampling to the target spacing as nnU-Net does it, written with scipy: numbers for SegmentationPreprocessorTests."""
import json
import numpy as np
from scipy.ndimage import map_coordinates

z, y, x = np.mgrid[:5, :9, :8].astype(float)
image = 20 + np.sin(z) * 3 + np.cos(0.7 * y) * 5 + 0.5 * x + 0.1 * x * y
normal = (image - image.mean()) / image.std()


def half_pixel(new, old):
    return (np.arange(new) + 0.5) * old / new - 0.5


def resize(volume, shape, order):
    grid = np.meshgrid(*[half_pixel(n, o) for n, o in zip(shape, volume.shape)], indexing="ij")
    # skimage.transform.resize, which nnU-Net calls, clips to the range of what it is given.
    return np.clip(map_coordinates(volume, grid, order=order, mode="nearest"), volume.min(), volume.max())


def separate(volume, shape, order):
    planes = np.stack([resize(s, shape[1:], order) for s in volume])
    nearest = np.clip(np.round(half_pixel(shape[0], volume.shape[0]) + 1e-9).astype(int), 0, volume.shape[0] - 1)
    return planes[nearest]


def case(spacing, target, function):
    shape = [int(np.round(n * s / t)) for n, s, t in zip(image.shape, spacing, target)]
    out = function(normal, shape, 3)
    at = np.linspace(0, out.size - 1, 20).astype(int)
    return dict(spacing=spacing, target=target, shape=shape, index=at.tolist(), value=out.ravel()[at].tolist())


cases = [case([5, 1, 1], [4, 0.8, 0.9], separate), case([2, 1, 1], [1.5, 1, 0.8], resize)]
json.dump(dict(cases=cases), open(__file__.replace(".py", ".json"), "w"), indent=1)
