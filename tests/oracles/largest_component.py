"""Keep-largest-component by scipy (full connectivity, every largest component stays), for REHRSeg.Imaging.Tests, and nnU-Net's choice of it on made-up cases."""
import json
import numpy as np
from scipy.ndimage import label

FULL = np.ones((3, 3, 3))


def keep(seg, values):
    mask = np.isin(seg, values)
    components, count = label(mask, FULL)
    sizes = np.bincount(components.ravel(), minlength=count + 1)[1:]
    out = seg.copy()
    if count:
        out[mask & ~np.isin(components, 1 + np.flatnonzero(sizes == sizes.max()))] = 0
    return out


def dice(p, t, k):
    both = (p == k).sum() + (t == k).sum()
    return float(2 * ((p == k) & (t == k)).sum() / both) if both else float("nan")


def choose(cases, labels):
    """cases: (prediction, reference); the rule of nnU-Net v2's determine_postprocessing."""
    def means(f):
        return {k: np.nanmean([dice(f(p), t, k) for p, t in cases]) for k in labels}
    rules, current = [], lambda p: p
    base, fg = means(current), means(lambda p: keep(p, labels))
    if np.mean(list(fg.values())) > np.mean(list(base.values())) and all(fg[k] >= base[k] for k in labels):
        rules.append(0)
        current = lambda p: keep(p, labels)
    for k in labels if len(labels) > 1 else []:
        before, after = means(current)[k], means(lambda p, f=current, k=k: keep(f(p), [k]))[k]
        if after > before:
            rules.append(k)
            current = lambda p, f=current, k=k: keep(f(p), [k])
    return rules, means(lambda p: p), means(current)


rng = np.random.default_rng(7)
volumes = []
for shape, share in [((1, 1, 9), .5), ((5, 6, 7), .2), ((6, 5, 9), .35), ((4, 9, 8), .12), ((3, 3, 3), 1.0), ((4, 4, 4), 0.0), ((9, 8, 7), .08)]:
    seg = rng.integers(1, 4, shape) * (rng.random(shape) < share)
    volumes.append(dict(shape=shape, seg=seg.ravel().tolist(), foreground=keep(seg, [1, 2, 3]).ravel().tolist(),
                        two=keep(seg, [2]).ravel().tolist(), both=keep(keep(seg, [1, 2, 3]), [1]).ravel().tolist()))

z, y, x = np.mgrid[:10, :12, :14]


def ball(c, r):
    return (z - c[0]) ** 2 + (y - c[1]) ** 2 + (x - c[2]) ** 2 <= r * r


choices = []
for name in ["islands", "second_organ", "class_islands", "clean", "disjoint"]:
    cases = []
    for i in range(3):
        truth = np.zeros(z.shape, int)
        truth[ball((5, 6, 4 + i), 3)] = 1
        truth[ball((5, 6, 8 + i), 2) & (truth == 0)] = 2
        if name == "disjoint":       # two organs far apart: the foreground rule would remove one
            truth[truth == 2] = 0
            truth[ball((1, 1, 12), 1)] = 2
        pred = truth.copy()
        pred[8, 10, 2 + i] = 1 if name in ("islands", "second_organ", "disjoint") else pred[8, 10, 2 + i]
        if name == "second_organ":   # class 2 has two true parts
            truth[0:2, 0:2, 0:2] = 2
            pred[0:2, 0:2, 0:2] = 2
        if name == "class_islands":  # a false part of class 2 that touches class 1
            pred[5, 6, 4 + i] = 2
        cases.append((pred, truth))
    rules, before, after = choose(cases, [1, 2])
    choices.append(dict(name=name, shape=z.shape, cases=[dict(pred=p.ravel().tolist(), truth=t.ravel().tolist()) for p, t in cases], rules=rules,
                        before=[before[1], before[2]], after=[after[1], after[2]]))
json.dump(dict(volumes=volumes, choices=choices), open(__file__.replace(".py", ".json"), "w"), separators=(",", ":"))
print([(c["name"], c["rules"]) for c in choices])
