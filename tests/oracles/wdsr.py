#!/usr/bin/python3
"""Writes golden_wdsr.json: outputs of a weight-normalised WDSR-B with a 1-D pixel shuffle, by torch.nn.utils.weight_norm and torch.nn.functional alone.

Weights and inputs by the formula of the other golden files (the note below); tensors in ordinal order of the names of this project's network:
gain is weight_norm's weight_g, weight its weight_v.
"""
import json, math, os
import torch
from torch import nn
from torch.nn.utils import weight_norm

NOTE = ("uniform(t,i) = splitmix64 finaliser of (t<<40)+i+0x9E3779B97F4A7C15, top 53 bits * 2^-53 * 2 - 1. Tensors are numbered t=1,2,... in ordinal order of their names; "
        "a tensor of rank>=2 holds uniform*sqrt(3/prod(shape[1:])), any other vector 0.01*uniform. Inputs are (uniform(0,i)+1)/2, row-major. float32, CPU, torch 1.13.")
MASK = (1 << 64) - 1


def uniform(t, i):
    z = ((t << 40) + i + 0x9E3779B97F4A7C15) & MASK
    z = ((z ^ z >> 30) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ z >> 27) * 0x94D049BB133111EB) & MASK
    return ((z ^ z >> 31) >> 11) * 2.0 ** -53 * 2 - 1


def tensor(t, shape, of):
    return torch.tensor([of(uniform(t, i)) for i in range(math.prod(shape))], dtype=torch.float32).reshape(shape)


class Wdsr(nn.Module):
    def __init__(self, channels, factor, width, blocks):
        super().__init__()
        conv = lambda i, o, k: weight_norm(nn.Conv2d(i, o, k, padding=k // 2))
        self.factor = factor
        self.head = conv(channels, width, 3)
        self.body = nn.ModuleList(nn.Sequential(conv(width, 4 * width, 1), nn.ReLU(), conv(4 * width, int(0.8 * width), 1), conv(int(0.8 * width), width, 3)) for _ in range(blocks))
        self.tail = conv(width, factor * channels, 3)
        self.skip = conv(channels, factor * channels, 5)

    def shuffle(self, y):
        b, k, h, w = y.shape
        out = torch.empty(b, k // self.factor, h * self.factor, w)
        for c in range(k // self.factor):
            for t in range(self.factor):
                out[:, c, t::self.factor] = y[:, c * self.factor + t]
        return out

    def forward(self, x):
        s = self.shuffle(self.skip(x))
        y = self.head(x)
        for block in self.body:
            y = y + block(y)
        return s + self.shuffle(self.tail(y))


def summary(t):
    flat = t.detach().flatten()
    index = sorted(int((uniform(99, i) + 1) / 2 * flat.numel()) for i in range(40))
    return dict(shape=list(t.shape), mean=flat.mean().item(), std=flat.std(unbiased=False).item(), min=flat.min().item(), max=flat.max().item(),
                index=index, value=[flat[i].item() for i in index])


def case(images, labels, factor, width, blocks, shape):
    net = Wdsr(images + labels, factor, width, blocks)
    ours = sorted((name.replace("weight_g", "gain").replace("weight_v", "weight"), name) for name, _ in net.named_parameters())
    own = dict(net.named_parameters())
    with torch.no_grad():
        for t, (_, name) in enumerate(ours, 1):
            p = own[name]
            scale = math.sqrt(3 / math.prod(p.shape[1:])) if p.dim() >= 2 else 0.01
            p.copy_(tensor(t, p.shape, lambda u: u * scale))
        x = tensor(0, shape, lambda u: (u + 1) / 2)
        y = net(x)
    return dict(images=images, labels=labels, factor=factor, width=width, blocks=blocks, input=list(shape), tensor_names=[n for n, _ in ours],
                image=summary(y[:, :images]), logits=summary(y[:, images:]))


cases = dict(binary=case(1, 1, 4, 8, 2, (2, 2, 5, 7)), channels=case(2, 3, 3, 10, 1, (1, 5, 4, 6)))
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "golden_wdsr.json"), "w") as f:
    json.dump(dict(note=NOTE, cases=cases), f, indent=1)
