#!/usr/bin/python3
"""Writes the .pth files of this folder with PyTorch, and expected.json with what they hold.

The FLAVR forward pass below is checked against ../golden_flavr.json (an independent implementation) before its numbers are written.
Debian 12: torch 1.13. Run: /usr/bin/python3 make_pth.py
"""
import collections
import json
import os
import pathlib

import numpy as np
import torch
from torch.nn import functional as F

HERE = pathlib.Path(__file__).parent


def shapes(width):
    lines = (HERE.parent / "reference" / "flavr_state_dict.tsv").read_text().splitlines()
    out = {}
    for name, shape in (line.split("\t") for line in lines):
        size = [int(s) for s in shape.split("x")]
        # Channel counts scale with the width; kernels (from the third axis on), colours and frames do not.
        out[name] = [s * width // 64 if a < 2 and s % 64 == 0 else s for a, s in enumerate(size)]
    return out


def forward(w, clip):
    """Upstream FLAVR, 4 frames in, 3 out: METHOD.md 1.1 and 1.2."""
    def conv(name, x, stride=1, padding=0):
        f = F.conv3d if w[name + ".weight"].dim() == 5 else F.conv2d
        return f(x, w[name + ".weight"], w.get(name + ".bias"), stride, padding)

    def gate(name, x):
        return x * torch.sigmoid(conv(name + ".attn_layer.0", x.mean((2, 3, 4), keepdim=True)))

    def block(name, x, stride):
        y = F.relu(conv(name + ".conv1.0", x, stride, 1))
        y = gate(name + ".fg", conv(name + ".conv2.0", y, 1, 1))
        if name + ".downsample.0.weight" in w:
            x = conv(name + ".downsample.0", x, stride)
        return F.relu(x + y)

    def decode(i, x, skip):
        name = f"decoder.{i}."
        if name + "conv.0.weight" in w:
            y = gate(name + "conv.1", conv(name + "conv.0", x, 1, 1))
        else:
            y = F.conv_transpose3d(x, w[name + "upconv.0.weight"], w[name + "upconv.0.bias"], (1, 2, 2), 1)
            y = gate(name + "upconv.1", y)
        y = F.leaky_relu(y, 0.2)
        return y if skip is None else torch.cat([y, skip], 1)

    mean = clip.mean((2, 3, 4), keepdim=True)
    x0 = F.relu(conv("encoder.stem.0", clip - mean, (1, 2, 2), (1, 3, 3)))
    maps, x = [x0], x0
    for layer, stride in zip((1, 2, 3, 4), (1, (1, 2, 2), (1, 2, 2), 1)):
        x = block(f"encoder.layer{layer}.1", block(f"encoder.layer{layer}.0", x, stride), 1)
        maps.append(x)
    y = decode(0, maps[4], maps[3])
    y = decode(1, y, maps[2])
    y = decode(2, y, maps[1])
    y = decode(3, y, maps[0])
    y = decode(4, y, None)
    y = torch.cat(torch.unbind(y, 2), 1)
    y = F.leaky_relu(conv("feature_fuse.conv.0", y), 0.2)
    y = conv("outconv.1", F.pad(y, (3, 3, 3, 3), mode="reflect"))
    return torch.stack(torch.split(y, 3, 1), 2) + mean


def uniform(t, n):
    """golden_flavr.json, note."""
    with np.errstate(over="ignore"):
        z = (np.uint64(t) << np.uint64(40)) + np.arange(n, dtype=np.uint64) + np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    return (z >> np.uint64(11)).astype(np.float64) * 2.0**-53 * 2 - 1


def formula_weights(width):
    out = {}
    for t, (name, shape) in enumerate(sorted(shapes(width).items()), 1):
        scale = (3.0 / np.prod(shape[1:]))**0.5 if len(shape) >= 2 else 0.01
        out[name] = torch.from_numpy((uniform(t, int(np.prod(shape))) * scale).astype(np.float32)).reshape(shape)
    return out


def clip(*shape):
    return torch.from_numpy(((uniform(0, int(np.prod(shape))) + 1) / 2).astype(np.float32)).reshape(shape)


def sampled(x):
    flat = x.detach().flatten().double()
    index = np.linspace(0, flat.numel() - 1, 16).astype(int).tolist()
    return {"shape": list(x.shape), "mean": flat.mean().item(), "std": flat.std(unbiased=False).item(), "min": flat.min().item(),
            "max": flat.max().item(), "index": index, "value": [flat[i].item() for i in index]}


def check_forward():
    golden = json.loads((HERE.parent / "golden_flavr.json").read_text())["cases"]["flavr4x"]
    out = forward(formula_weights(64), clip(*golden["input"])).flatten()
    worst = max(abs(out[i].item() - v) for i, v in zip(golden["output"]["index"], golden["output"]["value"]))
    print("forward against golden_flavr.json:", worst)
    assert worst < 1e-5


def checkpoint(weights):
    """As FLAVR's training saves it: a DataParallel state dict beside epoch, optimizer and lr."""
    state = collections.OrderedDict(("module." + k, v) for k, v in weights.items())
    state._metadata = collections.OrderedDict([("", {"version": 1}), ("module", {"version": 1})])
    small = torch.nn.Linear(3, 2)
    adam = torch.optim.Adam(small.parameters(), lr=2e-4, betas=(0.9, 0.99))
    small(torch.ones(1, 3)).sum().backward()
    adam.step()
    return {"epoch": 199, "state_dict": state, "optimizer": adam.state_dict(), "lr": 2e-4}


def mixed():
    """Every number type, views, shared storages, plain values."""
    base = torch.arange(24, dtype=torch.float32)
    values = torch.tensor([-1.5, 0.0, 2.25, 1000.0])
    state = collections.OrderedDict()
    state["float"] = base.reshape(2, 3, 4)
    state["transposed"] = base.reshape(4, 6).t()
    state["permuted"] = base.reshape(2, 3, 4).permute(2, 0, 1)
    state["part"] = base[5:17:3]
    state["parameter"] = torch.nn.Parameter(values.clone())
    state["half"] = values.half()
    state["bfloat16"] = values.bfloat16()
    state["double"] = values.double() / 3
    for name, dtype in (("long", torch.int64), ("int", torch.int32), ("short", torch.int16), ("char", torch.int8)):
        state[name] = torch.tensor([-7, 0, 100], dtype=dtype)
    state["byte"] = torch.tensor([0, 200, 255], dtype=torch.uint8)
    state["bool"] = torch.tensor([True, False, True])
    state["scalar"] = torch.tensor(3.5)
    state["empty"] = torch.zeros(0, 3)
    plain = {"none": None, "true": True, "small": 3, "negative": -70000, "byte": 255, "word": 65535, "wide": 2**40, "huge": -2**70, "float": 0.1,
             "text": "ä\u4f60", "list": [1, [2.5, "x"], ()], "tuple": (1, 2, 3, 4), "pair": (1, 2), "size": state["float"].size(), 7: "seven",
             "ordered": collections.OrderedDict([("a", 1)]), "long": list(range(1200))}
    return {"network_weights": state, "plain": plain}


class Evil:
    def __init__(self, function, argument):
        self.call = function, (argument,)

    def __reduce__(self):
        return self.call


def save(name, value):
    torch.save(value, HERE / f"{name}_legacy.pth", _use_new_zipfile_serialization=False)
    torch.save(value, HERE / f"{name}_zip.pth")


def main():
    torch.manual_seed(3)
    check_forward()
    expected = {}
    x = clip(1, 3, 4, 16, 24)
    weights = {k: (torch.randn(s) * (2.0 / max(1, int(np.prod(s[1:]))))**0.5 if len(s) > 1 else torch.randn(s) * 0.1) for k, s in shapes(2).items()}
    torch.save(checkpoint(weights), HERE / "flavr_legacy.pth", _use_new_zipfile_serialization=False)
    expected["flavr_legacy"] = {"input": list(x.shape), "output": sampled(forward(weights, x))}
    halves = {k: v.half() for k, v in weights.items()}
    torch.save(checkpoint(halves), HERE / "flavr_zip.pth")
    expected["flavr_zip"] = {"input": list(x.shape), "output": sampled(forward({k: v.float() for k, v in halves.items()}, x))}
    value = mixed()
    save("mixed", value)
    expected["mixed"] = {k: {"shape": list(v.shape), "value": v.float().flatten().tolist()} for k, v in value["network_weights"].items()}
    save("evil", {"state_dict": {"w": torch.zeros(2)}, "epoch": Evil(os.system, "touch /tmp/rehrseg-pickle-was-executed")})
    (HERE / "expected.json").write_text(json.dumps({"cases": expected}, indent=1) + "\n")


main()
