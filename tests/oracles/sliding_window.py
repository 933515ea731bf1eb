"""Tile places and Gaussian weights as nnU-Net defines them, z-score inside the hole-filled non-zero mask: numbers for REHRSeg.Onnx.Tests."""
import json
import numpy as np
from scipy.ndimage import binary_fill_holes, gaussian_filter

places = []
for size, tile, step in [(8, 8, .5), (9, 8, .5), (40, 32, .5), (97, 32, .5), (100, 32, .3), (33, 32, 1.0), (320, 96, .25)]:
    count = int(np.ceil((size - tile) / (tile * step))) + 1
    actual = (size - tile) / (count - 1) if count > 1 else 0
    places.append(dict(size=size, tile=tile, step=step, starts=[int(np.round(actual * i)) for i in range(count)]))
weights = []
for shape in [(8, 12, 7), (1, 16, 5), (32, 6, 6)]:
    impulse = np.zeros(shape)
    impulse[tuple(s // 2 for s in shape)] = 1
    w = gaussian_filter(impulse, [s / 8 for s in shape], mode="constant", cval=0)
    w /= w.max()
    w[w == 0] = w[w > 0].min()
    at = np.linspace(0, w.size - 1, 12).astype(int)
    weights.append(dict(shape=shape, index=at.tolist(), value=w.ravel()[at].tolist()))
z, y, x = np.mgrid[:7, :9, :11]
ball = (z - 3) ** 2 + (y - 4) ** 2 + (x - 5) ** 2
image = np.where(ball <= 10, 100 + 3 * z + 2 * y + x, 0).astype(float)
image[3, 4, 5] = image[3, 4, 6] = 0   # a hole that belongs to the body
image[0, 0, 0] = image[-1, -1, -1] = 50   # so that the box is the whole volume
mask = binary_fill_holes(image != 0)
inside = image[mask]
mask_case = dict(count=int(mask.sum()), mean=inside.mean(), std=inside.std(), whole_mean=image.mean(), whole_std=image.std())
json.dump(dict(places=places, weights=weights, mask=mask_case), open(__file__.replace(".py", ".json"), "w"), indent=1)
