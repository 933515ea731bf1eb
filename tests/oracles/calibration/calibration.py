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
json.dump(out, open("calibration.json", "w"), indent=1)
print({c["name"]: (c["wrong"], c["before"]["ece"], c["after"]["ece"], c["fit"]) for c in out["cases"]}, [(r["name"], r["positives"], r["area"]) for r in out["roc"]], out["spearman"])
