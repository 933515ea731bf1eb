"""Writes wilcoxon.json: paired Wilcoxon tests by scipy. Run: python3 make_wilcoxon.py"""
import json, numpy as np, scipy
from scipy.stats import wilcoxon
rng = np.random.default_rng(7)
cases = []
def add(name, a, b, method):
    d = np.asarray(a) - np.asarray(b)
    r = wilcoxon(a, b, zero_method="wilcox", correction=False, mode=method)
    cases.append(dict(name=name, first=list(map(float, a)), second=list(map(float, b)), statistic=float(r.statistic), p=float(r.pvalue), cases=int((d != 0).sum()), exact=method == "exact"))
a = rng.normal(size=32); add("32 cases, small effect", a, a + rng.normal(0.2, 0.5, 32), "exact")
a = rng.normal(size=32); add("32 cases, all better", a, a + rng.uniform(0.1, 1, 32), "exact")
a = rng.normal(size=6); add("6 cases", a, a + rng.normal(0.2, 0.5, 6), "exact")
a = rng.normal(size=80); add("80 cases", a, a + rng.normal(0.2, 0.5, 80), "approx")
a = rng.normal(size=200); add("200 cases, far tail", a, a + rng.uniform(0.1, 1, 200), "approx")
a = rng.integers(0, 9, 30); b = rng.integers(0, 9, 30); add("ties and zeros", a, b, "approx")
json.dump(dict(scipy=scipy.__version__, cases=cases), open("wilcoxon.json", "w"), indent=1)
