#!/usr/bin/python3
"""Writes losses.json: loss values, gradients and optimizer steps computed by PyTorch's autograd in float64 on inputs given by formulas.

Inputs:  wave(n, phase)[i] = sin(1.7 i + phase) + 0.5 sin(0.13 i phase + 1)
Labels:  label(n, classes)[i] = min(classes - 1, floor((0.5 + 0.5 sin(0.3 i)) classes))
"""
import json, math, os
import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)


def wave(shape, phase, scale=1.0, shift=0.0):
    i = torch.arange(math.prod(shape), dtype=torch.float64)
    return (shift + scale * (torch.sin(1.7 * i + phase) + 0.5 * torch.sin(0.13 * i * phase + 1))).reshape(shape)


def label(shape, classes):
    i = torch.arange(math.prod(shape), dtype=torch.float64)
    return torch.clamp(torch.floor((0.5 + 0.5 * torch.sin(0.3 * i)) * classes), max=classes - 1).long().reshape(shape)


def numbers(t):
    return [float("%.9g" % v) for v in t.detach().reshape(-1).tolist()]


def self_sr(foreground, uncertainty, published):
    shape = (2, 1, 4, 3, 5)
    image = torch.sigmoid(wave(shape, 0.3)).requires_grad_()
    target = torch.sigmoid(wave(shape, 0.9))
    logits = wave((2, foreground, 4, 3, 5), 1.1, 2).requires_grad_()
    u = (0.001 + 0.999 * torch.sigmoid(wave(shape, 2.1, 1, -1))).requires_grad_()
    y = label((2, 4, 3, 5), foreground + 1)
    e = (image - target).abs()
    if not uncertainty:
        pixel = e.mean()
    else:
        pixel = (e / u + u.log()).mean()
        if published:
            pixel = pixel + e.mean() + (u - e.detach()).abs().mean()
    if foreground == 1:
        ce = F.binary_cross_entropy_with_logits(logits[:, 0], y.double())
        p = torch.sigmoid(logits)
    else:
        full = torch.cat([torch.zeros_like(logits[:, :1]), logits], 1)
        ce = F.cross_entropy(full, y)
        p = full.softmax(1)[:, 1:]
    dice = 0
    for c in range(foreground):
        t = (y == c + 1).double()
        dice = dice + (1 - 2 * (p[:, c] * t).sum() / torch.clamp((p[:, c] ** 2).sum() + (t ** 2).sum(), min=1e-6)) / foreground
    loss = pixel + ce + dice
    loss.backward()
    return dict(loss=loss.item(), image=pixel.item(), ce=ce.item(), dice=dice.item(), gradImage=numbers(image.grad), gradLogits=numbers(logits.grad),
                gradUncertainty=numbers(u.grad) if uncertainty else [])


def soft_dice(logits, y, classes):
    p = logits.softmax(1)
    t = F.one_hot(y, classes).movedim(-1, 1).double()
    axes = (2, 3, 4)
    dc = (2 * (p * t).sum(axes) + 1e-5) / (p.sum(axes) + t.sum(axes) + 1e-5)
    return dc[:, 1:].mean()


def dice_ce(logits, y, classes):
    return F.cross_entropy(logits, y) - soft_dice(logits, y, classes)


def segmentation():
    shape, k = (2, 3, 2, 4, 6), 3
    y = label((2, 2, 4, 6), k)
    logits = wave(shape, 0.7, 2).requires_grad_()
    loss = dice_ce(logits, y, k)
    loss.backward()
    result = dict(diceCe=dict(loss=loss.item(), grad=numbers(logits.grad)))

    logits = wave(shape, 0.7, 2).requires_grad_()
    deep = [wave((2, 3, 2, 2, 3), 1.3, 2).requires_grad_(), wave((2, 3, 1, 1, 2), 1.9, 2).requires_grad_()]
    weights = [2 / 3, 1 / 3, 0]
    loss = weights[0] * dice_ce(logits, y, k) + weights[1] * dice_ce(deep[0], y[:, :, 1::2, 1::2], k)
    loss.backward()
    result["deep"] = dict(loss=loss.item(), grad=numbers(logits.grad), gradDeep=numbers(deep[0].grad))

    logits = wave(shape, 0.7, 2).requires_grad_()
    u = torch.clamp(0.5 + 0.6 * wave((2, 1, 2, 4, 6), 0.2), 0, 1)
    w = torch.clamp(1 - u[:, 0], min=0.01)
    loss = (w * F.cross_entropy(logits, y, reduction="none")).mean()
    loss.backward()
    result["weightedCe"] = dict(loss=loss.item(), grad=numbers(logits.grad))
    return result


def correlation(student, teacher):
    total = 0
    for s, t in zip(F.avg_pool3d(student, (1, 2, 2)), F.avg_pool3d(teacher, (1, 2, 2))):
        g, f = (F.normalize(x.flatten(1), dim=0) for x in (s, t))
        total = total + ((f.T @ f - g.T @ g) ** 2).mean()
    return total / len(student)


def published_correlation(student, teacher):
    def nodes(x):
        x = x.transpose(1, 2).flatten(0, 1)
        x = F.max_pool2d(x, (x.shape[2] // 2, x.shape[3] // 2), (x.shape[2] // 2, x.shape[3] // 2), ceil_mode=True).flatten(2)
        return x / (x.norm(dim=1, keepdim=True).detach() + 1e-8)
    f, g = nodes(teacher), nodes(student)
    return ((f.transpose(1, 2) @ f - g.transpose(1, 2) @ g) ** 2).mean() / student.shape[2]


def distillation():
    result = {}
    teacher = wave((2, 4, 2, 3, 4), 1.5)
    resized = F.interpolate(teacher, (2, 4, 6), mode="trilinear", align_corners=False)
    for name, form in dict(correlation=correlation, published=published_correlation).items():
        student = wave((2, 3, 2, 4, 6), 0.4).requires_grad_()
        loss = form(student, resized)
        loss.backward()
        result[name] = dict(loss=loss.item(), grad=numbers(student.grad))
    student = wave((2, 3, 2, 4, 6), 0.4).requires_grad_()
    weight, bias = wave((4, 3, 1, 1, 1), 0.8).requires_grad_(), wave((4,), 0.6).requires_grad_()
    loss = 1 - F.cosine_similarity(F.conv3d(student, weight, bias), resized, dim=1).mean()
    loss.backward()
    result["spatial"] = dict(loss=loss.item(), grad=numbers(student.grad), gradWeight=numbers(weight.grad), gradBias=numbers(bias.grad))
    return result


def optimizers():
    steps, result = 10, {}
    for name in ("adam", "adamw", "sgd"):
        w, b, unused = wave((3, 4), 0.5).requires_grad_(), wave((4,), 0.2).requires_grad_(), torch.ones(2, requires_grad=True)
        x, y = wave((5, 3), 0.9), wave((5, 4), 1.4)
        if name == "sgd":
            optimizer = torch.optim.SGD([w, b, unused], lr=0.01, momentum=0.99, nesterov=True, weight_decay=0.03)
            schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda i: (1 - i / steps) ** 0.9)
        else:
            kind = torch.optim.Adam if name == "adam" else torch.optim.AdamW
            optimizer = kind([w, b, unused], lr=1, betas=(0.9, 0.99), eps=1e-8, weight_decay=0 if name == "adam" else 0.1)
            schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.05, total_steps=steps)
        rates, betas = [], []
        for i in range(steps):
            rates.append(optimizer.param_groups[0]["lr"])
            betas.append(optimizer.param_groups[0].get("betas", (optimizer.param_groups[0].get("momentum"),))[0])
            optimizer.zero_grad(set_to_none=True)
            ((x @ w + b - y) ** 2).sum().backward()
            optimizer.step()
            if i < steps - 1:
                schedule.step()
        result[name] = dict(weight=numbers(w), bias=numbers(b), rates=rates, betas=betas)
    return result


selfsr = {f"L{k}{'u' if u else ''}{'p' if p else ''}": self_sr(k, u, p) for k, u, p in ((1, False, False), (2, False, False), (1, True, False), (2, True, True))}
content = dict(torch=torch.__version__, selfSr=selfsr, segmentation=segmentation(), distillation=distillation(), optimizers=optimizers())
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "losses.json"), "w") as f:
    json.dump(content, f, separators=(",", ":"))
