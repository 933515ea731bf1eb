"""Writes statistics.json: means, bootstrap intervals and paired Wilcoxon tests by scipy, Holm's correction by its definition. Run: /usr/bin/python3 make_statistics.py"""
import json
import numpy as np
import scipy
from scipy import stats

rng = np.random.default_rng(20261126)


def holm(p):
    """Holm 1979: the k-th smallest of m p-values times m - k + 1, made monotone; an O(m^2) form with no ranks of its own."""
    m = len(p)
    order = sorted(range(m), key=lambda i: p[i])
    factor = {i: m - k for k, i in enumerate(order)}
    return [min(1.0, max(factor[j] * p[j] for j in range(m) if p[j] <= p[i])) for i in range(m)]


def interval(x, method, resamples=100_000):
    r = stats.bootstrap((np.asarray(x),), np.mean, n_resamples=resamples, method=method, confidence_level=0.95, random_state=np.random.default_rng(1), batch=1000)
    return [float(r.confidence_interval.low), float(r.confidence_interval.high)]


def experiment(name, n, effects, missing=()):
    """Cells of one measure on n cases; the first is the reference. missing: (cell, case) that are NaN."""
    base = rng.normal(0.82, 0.04, n)
    cells = [base + effect + rng.normal(0, spread, n) for effect, spread in effects]
    for cell, case in missing:
        cells[cell][case] = np.nan
    out = []
    for x in cells:
        f = x[np.isfinite(x)]
        out.append(dict(values=[None if np.isnan(v) else float(v) for v in x], mean=float(f.mean()), sd=float(f.std(ddof=1)), cases=len(f), interval=interval(f, "BCa")))
    pairs = []
    for x in cells[1:]:
        ok = np.isfinite(x) & np.isfinite(cells[0])
        d = x[ok] - cells[0][ok]
        # our test is exact up to 50 pairs, as scipy's
        r = stats.wilcoxon(x[ok], cells[0][ok], zero_method="wilcox", correction=False, mode="exact" if ok.sum() <= 50 else "approx")
        pairs.append(dict(difference=float(d.mean()), interval=interval(d, "BCa"), better=int((d > 0).sum()), cases=int(ok.sum()), p=float(r.pvalue)))
    for pair, adjusted in zip(pairs, holm([q["p"] for q in pairs])):
        pair["holm"] = adjusted
    return dict(name=name, cells=out, comparisons=pairs)


skewed = rng.lognormal(1.5, 0.8, 40)
small = np.r_[rng.normal(1, 0.1, 11), 6.0]
document = dict(
    scipy=scipy.__version__, numpy=np.__version__,
    experiments=[
        experiment("16 cases, 4 cells", 16, [(0, 0.005), (-0.02, 0.01), (-0.004, 0.01), (0.003, 0.01)]),
        experiment("52 cases, 6 cells, some undefined", 52, [(0, 0.01), (-0.01, 0.02), (0.001, 0.02), (-0.03, 0.02), (0.006, 0.02), (0.004, 0.03)], missing=[(0, 3), (1, 3), (1, 10), (4, 51)]),
        experiment("160 cases, 3 cells", 160, [(0, 0.01), (0.004, 0.02), (-0.002, 0.015)]),
    ],
    intervals=[
        dict(name="log-normal, as HD95", values=[float(v) for v in skewed], interval=interval(skewed, "BCa"), percentile=interval(skewed, "percentile")),
        dict(name="one far away", values=[float(v) for v in small], interval=interval(small, "BCa"), percentile=interval(small, "percentile")),
    ],
    holm=[dict(p=p, adjusted=holm(p)) for p in ([0.01, 0.04, 0.03, 0.005], [0.5, 0.9, 0.6], [0.02], [0.01, 0.01, 0.01, 1.0], [0.04, 0.001, 0.04, 0.02, 0.0499])],
)
json.dump(document, open("statistics.json", "w"), indent=1)
