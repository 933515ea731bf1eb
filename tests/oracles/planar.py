#!/usr/bin/python3
"""Writes planar.json: a 2-D PlainConvUNet of torch's 2-D layers, and nnU-Net's 2-D loss (cross-entropy and Dice over the whole batch, deep supervision) by autograd.

Weights and inputs by the formula of the other golden files; tensors in ordinal order of the names of this project's 3-D network, whose kernels are (1,3,3).
wave and label are those of make_losses.py, in float64.
"""
import json, math, os
import torch
import torch.nn.functional as F

FEATURES, CHANNELS, CLASSES, SHAPE = [6, 10, 12], 2, 3, (2, 2, 16, 24)
NOTE = ("uniform(t,i) = splitmix64 finaliser of (t<<40)+i+0x9E3779B97F4A7C15, top 53 bits * 2^-53 * 2 - 1. Tensors are numbered t=1,2,... in ordinal order of their names; "
        "a tensor of rank>=2 holds uniform*sqrt(3/prod(shape[1:])), norm weights 1+0.1*uniform, any other vector 0.01*uniform. Inputs are (uniform(0,i)+1)/2, row-major.")
MASK = (1 << 64) - 1


def uniform(t, i):
    z = ((t << 40) + i + 0x9E3779B97F4A7C15) & MASK
    z = ((z ^ z >> 30) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ z >> 27) * 0x94D049BB133111EB) & MASK
    return ((z ^ z >> 31) >> 11) * 2.0 ** -53 * 2 - 1


def shapes():
    result = {}

    def conv(name, o, i, k):
        result[name + ".weight"], result[name + ".bias"] = (o, i, k, k), (o,)

    def stage(name, i, o):
        for j in range(2):
            conv(f"{name}.convs.{j}.conv", o, i if j == 0 else o, 3)
            result[f"{name}.convs.{j}.norm.weight"] = result[f"{name}.convs.{j}.norm.bias"] = (o,)
    for s, f in enumerate(FEATURES):
        stage(f"encoder.stages.{s}.0", CHANNELS if s == 0 else FEATURES[s - 1], f)
    for i, level in enumerate(reversed(range(len(FEATURES) - 1))):
        result[f"decoder.transpconvs.{i}.weight"], result[f"decoder.transpconvs.{i}.bias"] = (FEATURES[level + 1], FEATURES[level], 2, 2), (FEATURES[level],)
        stage(f"decoder.stages.{i}", 2 * FEATURES[level], FEATURES[level])
        conv(f"decoder.seg_layers.{i}", CLASSES, FEATURES[level], 1)
    return result


def weights():
    result = {}
    for t, (name, shape) in enumerate(sorted(shapes().items()), 1):
        u = torch.tensor([uniform(t, i) for i in range(math.prod(shape))], dtype=torch.float64).reshape(shape)
        result[name] = u * math.sqrt(3 / math.prod(shape[1:])) if len(shape) > 1 else 1 + 0.1 * u if name.endswith(".norm.weight") else 0.01 * u
    return result


def forward(w, x):
    def stage(name, x, stride):
        for j in range(2):
            n = f"{name}.convs.{j}"
            x = F.conv2d(x, w[n + ".conv.weight"], w[n + ".conv.bias"], stride=stride if j == 0 else 1, padding=1)
            x = F.leaky_relu(F.instance_norm(x, weight=w[n + ".norm.weight"], bias=w[n + ".norm.bias"], eps=1e-5), 0.01)
        return x
    skips, outputs = [], []
    for s in range(len(FEATURES)):
        x = stage(f"encoder.stages.{s}.0", x, 1 if s == 0 else 2)
        skips.append(x)
    for i in range(len(FEATURES) - 1):
        x = F.conv_transpose2d(x, w[f"decoder.transpconvs.{i}.weight"], w[f"decoder.transpconvs.{i}.bias"], stride=2)
        x = stage(f"decoder.stages.{i}", torch.cat([x, skips[-2 - i]], 1), 1)
        outputs.insert(0, F.conv2d(x, w[f"decoder.seg_layers.{i}.weight"], w[f"decoder.seg_layers.{i}.bias"]))
    return outputs


def golden(t):
    flat = t.reshape(-1)
    index = [(i * 7919) % len(flat) for i in range(40)]
    return dict(shape=[t.shape[0], t.shape[1], 1, *t.shape[2:]], index=index, value=[float("%.9g" % flat[i]) for i in index],
                mean=flat.mean().item(), std=flat.std(unbiased=False).item(), min=flat.min().item(), max=flat.max().item())


def wave(shape, phase, scale):
    i = torch.arange(math.prod(shape), dtype=torch.float64)
    return (scale * (torch.sin(1.7 * i + phase) + 0.5 * torch.sin(0.13 * i * phase + 1))).reshape(shape)


def label(shape, classes):
    i = torch.arange(math.prod(shape), dtype=torch.float64)
    return torch.clamp(torch.floor((0.5 + 0.5 * torch.sin(0.3 * i)) * classes), max=classes - 1).long().reshape(shape)


def batch_dice_ce(logits, y):
    p, t = logits.softmax(1), F.one_hot(y, CLASSES).movedim(-1, 1).double()
    dice = (2 * (p * t).sum((0, 2, 3)) + 1e-5) / (p.sum((0, 2, 3)) + t.sum((0, 2, 3)) + 1e-5)
    return F.cross_entropy(logits, y) - dice[1:].mean()


def loss():
    y = label((4, 8, 6), CLASSES)
    y[2:] = 0  # slices without foreground, where Dice by sample and Dice by batch part
    high, low, lowest = wave((4, 3, 8, 6), 0.7, 2).requires_grad_(), wave((4, 3, 4, 3), 1.3, 2).requires_grad_(), wave((4, 3, 2, 2), 1.9, 2)
    total = 2 / 3 * batch_dice_ce(high, y) + 1 / 3 * batch_dice_ce(low, y[:, 1::2, 1::2])
    total.backward()
    numbers = lambda t: [float("%.9g" % v) for v in t.reshape(-1).tolist()]
    return dict(loss=total.item(), grad=numbers(high.grad), gradDeep=numbers(low.grad))


if __name__ == "__main__":
    torch.set_default_dtype(torch.float64)
    x = torch.tensor([(uniform(0, i) + 1) / 2 for i in range(math.prod(SHAPE))]).reshape(SHAPE)
    outputs = forward(weights(), x)
    result = dict(note=NOTE, cases=dict(network=dict(features=FEATURES, classes=CLASSES, input=[2, 2, 1, 16, 24], outputs=[golden(o) for o in outputs]), loss=loss()))
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "planar.json"), "w") as f:
        json.dump(result, f)
        f.write("\n")
