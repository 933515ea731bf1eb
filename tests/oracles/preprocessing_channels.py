"""Two channels, zero around an ellipsoid: mask rule, crop, resampling with skimage's clipping, labels; numbers for MultichannelPreprocessingTests."""
import json
import numpy as np
from scipy.ndimage import binary_fill_holes
from skimage.transform import resize

D, H, W = 7, 16, 15
z, y, x = np.mgrid[:D, :H, :W].astype(float)
inside = ((z - 3) / 3) ** 2 + ((y - 8) / 6) ** 2 + ((x - 7) / 6) ** 2 <= 1
image = np.stack([(30 + 9 * np.sin(y) + 6 * z) * inside, (200 + 50 * np.cos(x) - 8 * y) * inside])
image[0][(x == 7) & (y == 8)] = 0
image[:, 3, 8, 8] = 0
label = np.where(inside & (x > 7), 1, 0) + np.where(inside & (y > 9) & (x < 6), 2, 0)

mask = binary_fill_holes((image != 0).any(0))
box = tuple(slice(np.where(mask.any(tuple(b for b in range(3) if b != a)))[0].min(), np.where(mask.any(tuple(b for b in range(3) if b != a)))[0].max() + 1) for a in range(3))
cropped, within, labels = image[(slice(None),) + box], mask[box], label[box]


def in_plane_then_nearest(a, shape, order):
    planes = np.stack([resize(s, shape[1:], order=order, mode="edge", anti_aliasing=False) for s in a])
    at = np.floor((np.arange(shape[0]) + 0.5) * a.shape[0] / shape[0] + 1e-9).astype(int)
    return planes[at]


def whole(a, shape, order):
    return resize(a, shape, order=order, mode="edge", anti_aliasing=False)


def case(spacing, target, masked, function):
    shape = tuple(int(np.round(n * s / t)) for n, s, t in zip(within.shape, spacing, target))
    out, means, deviations = [], [], []
    for c in cropped:
        values = c[within] if masked else c
        mean, deviation = values.mean(), max(values.std(), 1e-8)
        normal = np.where(within, (c - mean) / deviation, 0) if masked else (c - mean) / deviation
        out.append(function(normal, shape, 3))
        means.append(mean)
        deviations.append(deviation)
    classes = np.zeros(shape, int)
    for k in np.unique(labels):
        classes[function((labels == k).astype(float), shape, 1) >= 0.5] = k
    out = np.stack(out)
    at = np.linspace(0, out.size - 1, 60).astype(int)
    return dict(spacing=spacing, target=target, masked=masked, shape=list(shape), mean=means, std=deviations, min=[float(c.min()) for c in out], max=[float(c.max()) for c in out],
                index=at.tolist(), value=[round(float(v), 7) for v in out.ravel()[at]], label=[int(np.sum(classes == k)) for k in (0, 1, 2)])


cases = [case([5, 1, 1], [4, 0.7, 0.8], True, in_plane_then_nearest), case([5, 1, 1], [4, 0.7, 0.8], False, in_plane_then_nearest), case([2, 1, 1], [1.5, 0.8, 1.2], True, whole)]
json.dump(dict(cases=cases), open(__file__.replace(".py", ".json"), "w"))
