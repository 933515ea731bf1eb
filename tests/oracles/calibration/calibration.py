"""Writes calibration.json: reliability, ROC and temperatures by numpy and scipy. Run: python3 calibration.py

Inputs are made by formula from the LCG noise that the tests make too (NumericsOracle.Noise), so that the file holds results alone."""
import json, numpy as np, scipy
from scipy.optimize import minimize_scalar
from scipy.special import logsumexp
from scipy.stats import mannwhitneyu, spearmanr

def noise(seed, count):
    values = np.empty(count, np.float32)
    for i in range(count):
        seed = (seed * 1664525 + 1013904223) % 2**32
        values[i] = np.float32(seed >> 8) / np.float32(16777216)
    return values

VALUES = [0, 2, 5, 7]

def case(seed, n, classes, zeros=False):
    """p = r^e / sum r^e for noise r; the truth is drawn from p^(1/1.7), so that the probabilities are too confident."""
    r = noise(seed, classes * n).reshape(classes, n).astype(np.float64)
    weight = r ** 6
    p = (weight / weight.sum(0)).astype(np.float32)
    if zeros: p[0, ::5] = 0; p = (p.astype(np.float64) / p.astype(np.float64).sum(0)).astype(np.float32)
    q = p.astype(np.float64) ** (1 / 1.7); q /= q.sum(0)
    u = noise(seed + 1, n).astype(np.float64)
    truth = np.minimum((u[None] > np.cumsum(q, 0)).sum(0), classes - 1)
    return p, truth

def scale(p, t):
    q = p.astype(np.float64) ** (1 / t)
    return q / q.sum(0)

FLOOR = float(np.float32(1.401298464324817e-45))

def reliability(p, truth, bins=15):
    p = p.astype(np.float64)
    n = p.shape[1]
    confidence, top = p.max(0), p.argmax(0)
    right = top == truth
    edges = np.linspace(0, 1, bins + 1)
    rows, ece, mce = [], 0.0, 0.0
    for low, high in zip(edges[:-1], edges[1:]):
        inside = (confidence > low) & (confidence <= high)   # as Guo et al.'s code
        if not inside.any(): rows.append([0, None, None]); continue
        gap = abs(right[inside].mean() - confidence[inside].mean())
        ece += gap * inside.mean(); mce = max(mce, gap)
        rows.append([int(inside.sum()), float(confidence[inside].mean()), float(right[inside].mean())])
    own = p[truth, np.arange(n)]
    onehot = np.eye(p.shape[0])[:, truth]
    return dict(ece=float(ece), mce=float(mce), nll=float(-np.log(np.maximum(own, FLOOR)).mean()), brier=float(((p - onehot) ** 2).sum(0).mean()), accuracy=float(right.mean()), bins=rows)

def temperature(p, truth):
    with np.errstate(divide="ignore"): logs = np.log(p.astype(np.float64))
    own = logs[truth, np.arange(p.shape[1])]
    keep = np.isfinite(own)
    constant = (~keep).sum() * -np.log(FLOOR)
    def loss(inverse): return (constant + (logsumexp(inverse * logs[:, keep], axis=0) - inverse * own[keep]).sum()) / p.shape[1]
    best = minimize_scalar(loss, bounds=(0.05, 20), method="bounded", options=dict(xatol=1e-12))
    return dict(temperature=float(1 / best.x), before=float(loss(1.0)), after=float(best.fun))

def entropy(p):
    p = p.astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"): return -np.where(p > 0, p * np.log(p), 0).sum(0) / np.log(p.shape[0])

def auroc(score, positive):
    u = mannwhitneyu(score[positive], score[~positive], alternative="two-sided", method="asymptotic").statistic
    return float(u / (positive.sum() * (~positive).sum()))

out = dict(numpy=np.__version__, scipy=scipy.__version__, cases=[], roc=[], spearman=[])
for name, seed, n, classes, zeros in [("two classes", 11, 2000, 2, False), ("four classes", 21, 3000, 4, False), ("zeros", 31, 1500, 3, True)]:
    p, truth = case(seed, n, classes, zeros)
    t = temperature(p, truth)
    scaled = scale(p, t["temperature"])
    e = entropy(p)
    wrong = p.argmax(0) != truth
    out["cases"].append(dict(name=name, seed=seed, voxels=n, classes=classes, zeros=zeros, wrong=int(wrong.sum()), before=reliability(p, truth), before7=reliability(p, truth, 7), after=reliability(scaled, truth), fit=t,
        entropy=[float(v) for v in e[:20]], entropyAuroc=auroc(e.astype(np.float32), wrong),
        scaled={str(x): [float(v) for v in scale(p, x)[:, :5].ravel()] for x in (0.3, 2.5, 40)}))

for name, seed, n, step in [("continuous", 41, 5000, None), ("ties", 43, 4000, 64), ("many ties", 47, 900, 4), ("tiny", 53, 3000, "exponential"), ("negative", 59, 2000, "negative")]:
    s = noise(seed, n)
    if isinstance(step, int): s = np.floor(s * np.float32(step)) / np.float32(step)
    elif step == "exponential": s = np.ldexp(np.float32(1), (-(s * np.float32(60)).astype(np.int32))).astype(np.float32)
    elif step == "negative": s = np.floor(s * np.float32(256)) - np.float32(128)
    rank = (s - s.min()) / (s.max() - s.min())
    positive = noise(seed + 1, n) < np.float32(0.1) + np.float32(0.4) * rank.astype(np.float32)
    out["roc"].append(dict(name=name, seed=seed, count=n, step=step, positives=int(positive.sum()), area=auroc(s, positive)))

for name, seed, n, steps in [("continuous", 61, 4000, None), ("ties", 67, 3000, 8)]:
    a, b = noise(seed, n), noise(seed + 1, n)
    b = (a + 2 * b).astype(np.float32)
    if steps: a = np.floor(a * np.float32(steps)); b = np.floor(b * np.float32(steps))
    out["spearman"].append(dict(name=name, seed=seed, count=n, steps=steps, rho=float(spearmanr(a, b).statistic if hasattr(spearmanr(a, b), "statistic") else spearmanr(a, b)[0])))

# What CalibrationStudy and UncertaintyStudy make of three cases (LR), two of them (HR) and one (single).
from scipy.ndimage import distance_transform_edt

def study_case(i):
    d, h, w = 6, 12, 14
    z, y, x = np.meshgrid(np.arange(d), np.arange(h), np.arange(w), indexing="ij")
    truth = np.zeros((d, h, w), int)
    truth[(x - 5 - i) ** 2 + (y - 6) ** 2 + (z - 3) ** 2 <= 9] = 1
    truth[(x - 10) ** 2 + (y - 3) ** 2 + (z - 2) ** 2 <= 4] = 2
    soft = np.zeros_like(truth); soft[:, :, 1:] = truth[:, :, :-1]
    r = noise(100 + 10 * i, 3 * truth.size).reshape(3, -1).astype(np.float64)
    weight = r ** 4 + 1.5 * (np.arange(3)[:, None] == soft.ravel()[None])
    p = (weight / weight.sum(0)).astype(np.float32)
    p = (p.astype(np.float64) ** 3 / (p.astype(np.float64) ** 3).sum(0)).astype(np.float32)
    wrong = p.argmax(0) != truth.ravel()
    u = np.floor((noise(101 + 10 * i, truth.size) + np.float32(0.5) * wrong.astype(np.float32)) * np.float32(32)) / np.float32(64)
    foreground = (p.argmax(0) != 0) | (truth.ravel() != 0)
    near = distance_transform_edt(~foreground.reshape(truth.shape)).ravel() <= 3
    return p, truth.ravel(), u, near, wrong

def together(cases, pick): return np.concatenate([pick(c) for c in cases], axis=-1)

def study(cases):
    fits = [temperature(together(cases[h::2], lambda c: c[0]), together(cases[h::2], lambda c: c[1]))["temperature"] for h in (0, 1)] if len(cases) > 1 else None
    rows = {}
    for region in ("all", "near"):
        inside = lambda c: np.ones(c[1].size, bool) if region == "all" else c[3]
        before = reliability(together(cases, lambda c: c[0][:, inside(c)]), together(cases, lambda c: c[1][inside(c)]))
        after = reliability(np.concatenate([scale(c[0][:, inside(c)], fits[1 - i % 2]) for i, c in enumerate(cases)], axis=1), together(cases, lambda c: c[1][inside(c)])) if fits else None
        wrong = together(cases, lambda c: c[4][inside(c)])
        rows[region] = dict(voxels=int(wrong.size), wrong=int(wrong.sum()), before=before, after=after, entropyAuroc=auroc(entropy(together(cases, lambda c: c[0][:, inside(c)])).astype(np.float32), wrong),
            uncertaintyAuroc=auroc(together(cases, lambda c: c[2][inside(c)]), wrong),
            spearman=float(np.mean([spearmanr(c[2][inside(c)], np.abs(noise(102 + 10 * i, c[1].size) - noise(103 + 10 * i, c[1].size))[inside(c)])[0] for i, c in enumerate(cases)])))
    whole = temperature(together(cases, lambda c: c[0]), together(cases, lambda c: c[1]))["temperature"]
    return dict(temperature=float(np.sqrt(fits[0] * fits[1])) if fits else whole, whole=whole, regions=rows)

three = [study_case(i) for i in range(3)]
out["study"] = dict(LR=study(three), HR=study(three[:2]), single=study(three[:1]))
print({k: (v["temperature"], v["regions"]["near"]["voxels"], v["regions"]["near"]["entropyAuroc"], v["regions"]["near"]["uncertaintyAuroc"]) for k, v in out["study"].items()})
json.dump(out, open("calibration.json", "w"), indent=1)
print({c["name"]: (c["wrong"], c["before"]["ece"], c["after"]["ece"], c["fit"]) for c in out["cases"]}, [(r["name"], r["positives"], r["area"]) for r in out["roc"]], out["spearman"])
