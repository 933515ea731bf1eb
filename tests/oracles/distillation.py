#!/usr/bin/python3
"""Writes distillation.json: values and gradients of every kind of distillation and of the whole eq. 11, by PyTorch's autograd in float64 from the definitions
(METHOD.md sections 8 to 10): affinities of all pairs of nodes, class means by masks and loops, one sample after the other. Inputs are those of make_losses.py,
rounded to float32 as the tests have them.
"""
import json, math, os
import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)


def wave(shape, phase, scale=1.0, shift=0.0):
    i = torch.arange(math.prod(shape), dtype=torch.float64)
    return (shift + scale * (torch.sin(1.7 * i + phase) + 0.5 * torch.sin(0.13 * i * phase + 1))).float().double().reshape(shape)


def label(shape, classes):
    i = torch.arange(math.prod(shape), dtype=torch.float64)
    return torch.clamp(torch.floor((0.5 + 0.5 * torch.sin(0.3 * i)) * classes), max=classes - 1).long().reshape(shape)


def numbers(t):
    return [float("%.7g" % v) for v in t.detach().reshape(-1).tolist()]


def nodes_of_volume(x):
    """One sample, C x D x H x W: unit vectors of nodes of 1 x 2 x 2 averaged voxels."""
    return F.normalize(F.avg_pool3d(x[None], (1, 2, 2))[0].flatten(1), dim=0)


def affinity(nodes):
    """a_ij = f_i . f_j for all pairs."""
    return (nodes[:, :, None] * nodes[:, None, :]).sum(0)


def correlation(student, teacher):
    return torch.stack([((affinity(nodes_of_volume(t)) - affinity(nodes_of_volume(s))) ** 2).mean() for s, t in zip(student, teacher)]).mean()


def published_correlation(student, teacher):
    def nodes(slice):  # C x H x W
        kernel = (slice.shape[1] // 2, slice.shape[2] // 2)
        x = F.max_pool2d(slice[None], kernel, kernel, ceil_mode=True)[0].flatten(1)
        return x / (x.norm(dim=0, keepdim=True).detach() + 1e-8)
    terms = [((affinity(nodes(t[:, k])) - affinity(nodes(s[:, k]))) ** 2).mean() for s, t in zip(student, teacher) for k in range(s.shape[1])]
    return torch.stack(terms).mean() / student.shape[2]


def spatial(adapted, teacher):
    return 1 - F.cosine_similarity(adapted, teacher, dim=1).mean()


def published_spatial(adapted, teacher):
    a, t = (F.normalize(x, dim=1).flatten(2) for x in (adapted, teacher))
    return 1 - F.cosine_similarity(a, t, dim=2).mean()


def variation(feature, classes):
    """One sample: cosine of each voxel with the mean of its class."""
    feature, classes = feature.flatten(1), classes.flatten()
    columns = [None] * len(classes)
    for c in classes.unique():
        members = (classes == c).nonzero()[:, 0]
        prototype = feature[:, members].mean(1)
        for m in members.tolist():
            columns[m] = F.cosine_similarity(feature[:, m], prototype, dim=0)
    return torch.stack(columns)


def ifvd(student, teacher, y):
    reduced = F.interpolate(y[:, None].double(), student.shape[2:], mode="nearest-exact")[:, 0].long()
    return torch.stack([((variation(s, c) - variation(t, c)) ** 2).mean() for s, t, c in zip(student, teacher, reduced)]).mean()


class Case:
    def __init__(self):
        self.student = wave((2, 3, 2, 4, 6), 0.4).requires_grad_()
        self.weight, self.bias = wave((4, 3, 1, 1, 1), 0.8).requires_grad_(), wave((4,), 0.6).requires_grad_()
        self.adapted = F.conv3d(self.student, self.weight, self.bias)
        self.teacher = F.interpolate(wave((2, 4, 2, 3, 4), 1.5, 2), (2, 4, 6), mode="trilinear", align_corners=False)
        self.label = label((2, 2, 8, 12), 3)
        self.label[1] = torch.clamp(self.label[1], max=1)  # the second sample lacks class 2


def kind(form):
    case = Case()
    loss = form(case)
    loss.backward()
    result = dict(loss=loss.item(), grad=numbers(case.student.grad))
    if case.weight.grad is not None:
        result.update(gradWeight=numbers(case.weight.grad), gradBias=numbers(case.bias.grad))
    return result


KINDS = dict(
    Structure=lambda c: 0.7 * correlation(c.student, c.teacher) + 0.4 * spatial(c.adapted, c.teacher),
    CorrelationOnly=lambda c: 0.7 * correlation(c.student, c.teacher),
    Mimic=lambda c: ((c.adapted - c.teacher) ** 2).mean(),
    MimicSmoothL1=lambda c: torch.where((c.adapted - c.teacher).abs() < 1, (c.adapted - c.teacher) ** 2 / 2, (c.adapted - c.teacher).abs() - 0.5).mean(),
    Ifvd=lambda c: ifvd(c.student, c.teacher, c.label),
    Published=lambda c: 0.7 * published_correlation(c.student, c.teacher) + 0.4 * published_spatial(c.adapted, c.teacher),
)


def one_sample_dice_ce(logits, y):
    """K x D x H x W: cross-entropy - Dice of the foreground (METHOD.md section 7)."""
    p, t = logits.softmax(0), F.one_hot(y, len(logits)).movedim(-1, 0).double()
    ce = -(t * p.log()).sum(0).mean()
    dice = [(2 * (p[k] * t[k]).sum() + 1e-5) / (p[k].sum() + t[k].sum() + 1e-5) for k in range(1, len(logits))]
    return ce, torch.stack(dice).mean()


def weighted_ce(logits, y, u):
    t = F.one_hot(y, len(logits)).movedim(-1, 0).double()
    return (torch.clamp(1 - u, min=0.01) * -(t * logits.log_softmax(0)).sum(0)).mean()


def equation11(hr_samples, dice_weight):
    """Both samples with maps of their own; where hr_samples is 1 the second is a real case: certain everywhere, without thin labels."""
    case = Case()
    lr, hr = wave((2, 3, 2, 8, 12), 0.7, 2).requires_grad_(), wave((2, 3, 4, 8, 12), 0.9, 2).requires_grad_()
    hr_label = label((2, 4, 8, 12), 3)
    u = torch.clamp(0.5 + 0.6 * wave((2, 2, 8, 12), 0.2), 0, 1)
    if hr_samples == 1:
        u[1] = 0
    low = torch.stack([weighted_ce(lr[b], case.label[b], u[b]) - dice_weight * one_sample_dice_ce(lr[b], case.label[b])[1] for b in range(2)]).mean()
    terms = [one_sample_dice_ce(hr[b], hr_label[b]) for b in range(hr_samples)]
    high = torch.stack([ce - dice for ce, dice in terms]).mean()
    loss = 1.5 * low + 0.8 * high + 0.5 * KINDS["Structure"](case)
    loss.backward()
    ce = F.cross_entropy(lr, case.label, reduction="none")
    broadcast = (torch.clamp(1 - u, min=0.01)[:, None] * ce).mean()  # the released code: every sample's map on every sample
    return dict(loss=loss.item(), gradLr=numbers(lr.grad), gradHr=numbers(hr.grad), gradStudent=numbers(case.student.grad), gradWeight=numbers(case.weight.grad),
                gradBias=numbers(case.bias.grad), crossBroadcastCe=broadcast.item(), ce=torch.stack([weighted_ce(lr[b], case.label[b], u[b]) for b in range(2)]).mean().item())


content = dict(torch=torch.__version__, kinds={name: kind(form) for name, form in KINDS.items()}, pseudo=equation11(2, 0), mixed=equation11(1, 0.6))
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "distillation.json"), "w") as f:
    json.dump(content, f, separators=(",", ":"))
