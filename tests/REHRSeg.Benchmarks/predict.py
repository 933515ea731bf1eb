"""The same prediction in Python, for `--predict`: PyTorch, numpy, scipy, scikit-image, nibabel (Debian 12: python3-torch 1.13, python3-skimage, python3-nibabel).
Written for this comparison; preprocessing, tiles and resampling as nnU-Net does them, the HR head as the paper has it. Prints seconds, seconds in the network, peak memory."""
import json, resource, sys, time
import nibabel, numpy as np, torch
import torch.nn as nn, torch.nn.functional as F
from scipy.ndimage import gaussian_filter
from skimage.transform import resize

folder, threads = sys.argv[1], int(sys.argv[2])
torch.set_num_threads(threads)
started, in_network = time.perf_counter(), 0.0
plan = json.load(open(f"{folder}/plan.json"))
r, K, patch = plan["factor"], plan["classes"], plan["patch"]


def stage(channels, features, kernel, stride):
    class Block(nn.Module):
        def __init__(self, i, s):
            super().__init__()
            self.conv = nn.Conv3d(i, features, kernel, s, [k // 2 for k in kernel])
            self.norm = nn.InstanceNorm3d(features, affine=True)

        def forward(self, x):
            return F.leaky_relu(self.norm(self.conv(x)), 0.01, inplace=True)

    module = nn.Module()
    module.convs = nn.Sequential(Block(channels, stride), Block(features, 1))
    module.forward = module.convs.forward
    return module


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        f, kernels, strides = plan["features"], plan["kernels"], plan["strides"]
        n = len(f)
        self.encoder, self.decoder = nn.Module(), nn.Module()
        self.encoder.stages = nn.ModuleList([nn.Sequential(stage(f[i - 1] if i else 1, f[i], kernels[i], strides[i])) for i in range(n)])
        levels = range(n - 2, -1, -1)
        self.decoder.transpconvs = nn.ModuleList([nn.ConvTranspose3d(f[i + 1], f[i], strides[i + 1], strides[i + 1]) for i in levels])
        self.decoder.stages = nn.ModuleList([stage(2 * f[i], f[i], kernels[i], 1) for i in levels])
        self.decoder.seg_layers = nn.ModuleList([nn.Conv3d(f[i], K, 1) for i in levels])
        self.sr_head = nn.Sequential(nn.Conv3d(f[0], plan["width"], 3, padding=1), nn.ReLU(inplace=True), nn.Conv3d(plan["width"], K, 5, padding=2))

    def forward(self, x):
        skips = []
        for s in self.encoder.stages:
            x = s(x)
            skips.append(x)
        for up, s, skip in zip(self.decoder.transpconvs, self.decoder.stages, skips[-2::-1]):
            x = s(torch.cat([up(x), skip], 1))
        hr = self.sr_head(F.interpolate(x, scale_factor=(r, 1, 1), mode="trilinear"))
        return self.decoder.seg_layers[-1](x).softmax(1)[0].numpy(), hr.softmax(1)[0].numpy()


def load(path):
    with open(path, "rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        start = file.tell()
        tensors = {}
        for name, t in header.items():
            if name != "__metadata__":
                a, b = t["data_offsets"]
                file.seek(start + a)
                tensors[name] = torch.from_numpy(np.frombuffer(file.read(b - a), np.float32).reshape(t["shape"]).copy())
    return tensors


def in_plane(volume, shape, order):
    return np.stack([resize(s, shape, order, mode="edge", anti_aliasing=False, clip=order > 1) for s in volume])


network = Network().eval()
network.load_state_dict(load(f"{folder}/model.safetensors"))
file = nibabel.load(f"{folder}/image.nii.gz")
image = np.asarray(file.dataobj, dtype=np.float32).T
inside = np.argwhere(image != 0)
low, high = inside.min(0), inside.max(0) + 1
box = tuple(slice(a, b) for a, b in zip(low, high))
cropped = image[box]
cropped = (cropped - cropped.mean()) / max(cropped.std(), 1e-8)
spacing = file.header.get_zooms()[::-1]
shape = [int(round(n * s / t)) for n, s, t in zip(cropped.shape, spacing, plan["spacing"])]
prepared = in_plane(cropped, shape[1:], 3).astype(np.float32)

pad = [max(0, p - n) for p, n in zip(patch, shape)]
prepared = np.pad(prepared, [(p // 2, p - p // 2) for p in pad])


def starts(size, tile):
    count = int(np.ceil((size - tile) / (tile * plan["step"]))) + 1 if size > tile else 1
    return [int(round((size - tile) / max(count - 1, 1) * i)) for i in range(count)]


def gaussian(shape):
    weight = np.zeros(shape, np.float32)
    weight[tuple(n // 2 for n in shape)] = 1
    weight = gaussian_filter(weight, [n * plan["sigma"] for n in shape], mode="constant")
    weight /= weight.max()
    weight[weight == 0] = weight[weight > 0].min()
    return weight


thick, thin = np.zeros((K, *prepared.shape), np.float32), np.zeros((K, prepared.shape[0] * r, *prepared.shape[1:]), np.float32)
weight, weight_thin = gaussian(patch), gaussian([patch[0] * r, *patch[1:]])
total, total_thin = np.zeros(prepared.shape, np.float32), np.zeros(thin.shape[1:], np.float32)
with torch.inference_mode():
    for z in starts(prepared.shape[0], patch[0]):
        for y in starts(prepared.shape[1], patch[1]):
            for x in starts(prepared.shape[2], patch[2]):
                at = (slice(z, z + patch[0]), slice(y, y + patch[1]), slice(x, x + patch[2]))
                at_thin = (slice(r * z, r * (z + patch[0])), *at[1:])
                t = time.perf_counter()
                lr, hr = network(torch.from_numpy(prepared[at].copy())[None, None])
                in_network += time.perf_counter() - t
                thick[(slice(None), *at)] += lr * weight
                thin[(slice(None), *at_thin)] += hr * weight_thin
                total[at] += weight
                total_thin[at_thin] += weight_thin
for name, sums, weights, factor in (("lr", thick, total, 1), ("hr", thin, total_thin, r)):
    sums /= weights
    sums = sums[:, factor * (pad[0] // 2):, pad[1] // 2:, pad[2] // 2:][:, : factor * shape[0], : shape[1], : shape[2]]
    back = np.stack([in_plane(c, cropped.shape[1:], 1) for c in sums])
    labels = np.zeros((image.shape[0] * factor, *image.shape[1:]), np.uint8)
    labels[(slice(factor * low[0], factor * high[0]), *box[1:])] = back.argmax(0)
    affine = file.affine.copy()
    affine[:3, 3] -= affine[:3, 2] * (factor - 1) / (2 * factor)
    affine[:3, 2] /= factor
    nibabel.save(nibabel.Nifti1Image(labels.T, affine), f"{folder}/python_{name}.nii.gz")
print(json.dumps(dict(seconds=time.perf_counter() - started, network=in_network, peakMB=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)))
