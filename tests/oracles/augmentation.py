"""Augmentations as scipy, skimage and numpy do them: numbers for AugmentationOracleTests and PatchExtractorTests (Debian python3-scipy, python3-skimage)."""
import json
import numpy as np
from scipy.ndimage import gaussian_filter, map_coordinates
from skimage.transform import resize

D, H, W = 6, 14, 11
z, y, x = np.mgrid[:D, :H, :W].astype(np.float64)
image = (np.sin(0.9 * z) + np.cos(0.7 * y + 0.3 * z) * 1.3 + 0.4 * np.sin(1.1 * x * (1 + 0.1 * y)) + 0.05 * x)
label = ((image > 0.6).astype(int) + (image > 1.4))
at = np.linspace(0, image.size - 1, 40).astype(int)


def numbers(a):
    return [round(float(v), 7) for v in a.ravel()[at]]


def contrast(a, f):
    return np.clip((a - a.mean()) * f + a.mean(), a.min(), a.max())


def gamma(a, g, inverted):
    a = -a if inverted else a
    low, span = a.min(), a.max() - a.min()
    b = ((a - low) / (span + 1e-7)) ** g * span + low
    b = (b - b.mean()) / (b.std() + 1e-8) * a.std() + a.mean()
    return -b if inverted else b


def low_resolution(a, zoom, in_plane):
    shape = np.round(np.array(a.shape) * zoom).astype(int)
    if in_plane:
        shape[0] = a.shape[0]
    return resize(resize(a, shape, order=0, mode="edge", anti_aliasing=False), a.shape, order=3, mode="edge", anti_aliasing=False)


def rotation(about_d, about_h, about_w):
    (cz, sz), (cy, sy), (cx, sx) = [(np.cos(t), np.sin(t)) for t in (about_d, about_h, about_w)]
    return np.array([[cx, -sx, 0], [sx, cx, 0], [0, 0, 1]]) @ np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]]) @ np.array([[1, 0, 0], [0, cz, -sz], [0, sz, cz]])


PAD = 16


def warp(matrix, in_plane, corner, shape):
    """Patch values at matrix (voxel - centre) + centre + corner, on the zero-padded volume."""
    grid = np.stack(np.meshgrid(*[np.arange(n) - (n - 1) / 2 for n in shape], indexing="ij")).reshape(3, -1)
    where = matrix @ grid + (np.array(shape)[:, None] - 1) / 2 + np.array(corner)[:, None]

    def sample(a, order):
        if not in_plane:
            return map_coordinates(np.pad(a, PAD), where + PAD, order=order, mode="constant", cval=0)
        out = np.zeros(where.shape[1])
        for s in range(D):
            on = np.round(where[0]).astype(int) == s
            out[on] = map_coordinates(np.pad(a[s], PAD), where[1:, on] + PAD, order=order, mode="constant", cval=0)
        return out

    classes = np.zeros(where.shape[1], int)
    for c in (0, 1, 2):
        classes[sample((label == c).astype(float), 1) >= 0.5] = c
    picked = np.linspace(0, where.shape[1] - 1, 60).astype(int)
    return dict(shape=list(shape), corner=list(corner), index=picked.tolist(), image=[round(float(v), 7) for v in sample(image, 3)[picked]], label=classes[picked].tolist())


def plane(angle, scale):
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[1, 0, 0], [0, scale * c, -scale * s], [0, scale * s, scale * c]])


result = dict(
    shape=[D, H, W], index=at.tolist(), input=numbers(image),
    contrast=[dict(factor=f, value=numbers(contrast(image, f))) for f in (0.8, 1.2)],
    gamma=[dict(gamma=g, inverted=i, value=numbers(gamma(image, g, i))) for g, i in ((0.75, False), (1.4, False), (0.75, True), (1.4, True))],
    brightness=[dict(factor=f, value=numbers(image * f)) for f in (0.77, 1.21)],
    blur=[dict(sigma=s, value=numbers(gaussian_filter(image, s, order=0))) for s in (0.5, 0.83, 1.0)],
    low_resolution=[dict(zoom=f, in_plane=p, value=numbers(low_resolution(image, f, p))) for f, p in ((0.5, True), (0.71, True), (0.62, False), (0.9, False))],
    spatial=[
        dict(in_plane=True, angles=[0.6], scale=0.85, **warp(plane(0.6, 0.85), True, (0, 2, 1), (6, 9, 8))),
        dict(in_plane=True, angles=[-2.3], scale=1.3, **warp(plane(-2.3, 1.3), True, (1, 0, 0), (6, 14, 12))),
        dict(in_plane=False, angles=[0.4, -0.3, 0.5], scale=1, **warp(rotation(0.4, -0.3, 0.5), False, (0, 2, 1), (6, 9, 8))),
        dict(in_plane=False, angles=[0.1, 0.45, -0.2], scale=0.75, **warp(0.75 * rotation(0.1, 0.45, -0.2), False, (-1, 1, 0), (7, 10, 11))),
    ])
json.dump(result, open(__file__.replace(".py", ".json"), "w"))
