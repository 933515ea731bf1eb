"""Table 4 on hippocampus: table4.csv, table4.md and table4-curves.png from the runs that table4.md's commands make.

python3 table4.py RUNS OUT    (RUNS/fK/pred/CELL/{lr,hr}.json of 'rehrseg evaluate --out', RUNS/fK/CELL/training.jsonl; needs scipy and matplotlib)
"""
import collections, csv, json, os, sys
import matplotlib
matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from scipy.stats import wilcoxon

runs, out = sys.argv[1:3]
cells = [c for c in [("baseline", "nnU-Net"), ("long", "nnU-Net, 3200 iterations"), ("pseudo", "+ pseudo data"), ("unc", "+ uncertainty"), ("kd", "+ distillation (REHRSeg)"), ("mix", "REHRSeg, half real cases"), ("slow", "REHRSeg, learning rate 1e-3"), ("nohr", "+ pseudo data, no HR head")]
         if os.path.exists(f"{runs}/f0/pred/{c[0]}/hr.json")]
names = dict(cells)
scores = collections.defaultdict(dict)
rows = []
for cell, name in cells:
    for fold in (0, 1):
        for grid in ("lr", "hr"):
            path = f"{runs}/f{fold}/pred/{cell}/{grid}.json"
            if not os.path.exists(path): continue
            by_case = collections.defaultdict(list)
            for c in json.load(open(path))["cases"]:
                if c["value"] is not None and np.isfinite(c["value"]): by_case[c["id"], c["measure"]].append(c["value"])
            for (case, measure), values in by_case.items():
                scores[cell, grid, measure][fold, case] = float(np.mean(values))
                rows.append([name, fold, case, grid.upper(), measure, round(float(np.mean(values)), 6)])
with open(f"{out}/table4.csv", "w", newline="") as f:
    w = csv.writer(f, lineterminator="\n")
    w.writerow(["cell", "fold", "case", "grid", "measure", "value"])
    w.writerows(rows)

columns = [(g, m) for g in ("lr", "hr") for m in ("DSC", "HD95")]
lines = ["| cell | folds (cases) | LR DSC | LR HD95 (mm) | HR DSC | HR HD95 (mm) |", "|---|---|---|---|---|---|"]
for cell, name in cells:
    done = sorted({k[0] for k in scores[cell, "lr", "DSC"]})
    for folds in ([done] if len(done) < 2 else [done, [0], [1]]):
        def mean(g, m):
            v = [x for k, x in scores[cell, g, m].items() if k[0] in folds]
            return f"{np.mean(v):.4f} ± {np.std(v, ddof=1):.4f}" if m == "DSC" else f"{np.mean(v):.3f} ± {np.std(v, ddof=1):.3f}"
        n = len([k for k in scores[cell, "lr", "DSC"] if k[0] in folds])
        lines.append(f"| {name} | {', '.join(map(str, folds))} ({n}) | " + " | ".join(mean(g, m) for g, m in columns) + " |")
lines += ["", "| paired Wilcoxon | grid | measure | difference | better in | p |", "|---|---|---|---|---|---|"]
pairs = [("pseudo", "baseline"), ("unc", "pseudo"), ("kd", "unc"), ("kd", "baseline"), ("kd", "pseudo"), ("long", "baseline"), ("kd", "long"), ("mix", "kd"), ("slow", "kd"), ("slow", "baseline"), ("nohr", "baseline"), ("nohr", "pseudo")]
for a, b in pairs:
    if a not in names or b not in names: continue
    for g, m in columns:
        x, y = scores[a, g, m], scores[b, g, m]
        common = sorted(set(x) & set(y))
        if len(common) < 6: continue
        x, y = np.array([x[k] for k in common]), np.array([y[k] for k in common])
        better = int((x > y).sum() if m == "DSC" else (x < y).sum())
        p = wilcoxon(x, y).pvalue
        lines.append(f"| {names[a]} against {names[b]} | {g.upper()} | {m} | {np.mean(x - y):+.4f} | {better} of {len(common)} | {p:.3g} |")
open(f"{out}/table4.md", "w").write("\n".join(lines) + "\n")
print("\n".join(lines))

fig, axes = plt.subplots(1, 3, figsize=(12, 3.4))
def curve(fold, cell, stage, key):
    points = [json.loads(l) for l in open(f"{runs}/f{fold}/{cell}/training.jsonl")]
    points = [(p["iteration"], p[key]) for p in points if p["stage"] == stage and key in p]
    x, y = np.array([p[0] for p in points]), np.array([p[1] for p in points])
    k = max(1, len(y) // 60)
    y = np.convolve(y, np.ones(2 * k + 1) / (2 * k + 1), "valid")
    return x[k:len(x) - k], y
for fold in (0, 1):
    axes[0].plot(*curve(fold, "kd", "nnunet", "dice"), label=f"fold {fold}")
    for cell, name in cells:
        if cell in ("baseline", "long") or not os.path.exists(f"{runs}/f{fold}/{cell}/training.jsonl"): continue
        style = "-" if fold == 0 else "--"
        axes[2].plot(*curve(fold, cell, "rehrseg", "dice_hr"), style, label=f"{name}, fold {fold}")
        axes[1].plot(*curve(fold, cell, "rehrseg", "dice_lr"), style)
for axis, title in zip(axes, ("nnU-Net phase: soft Dice", "fine-tuning: soft Dice, LR", "fine-tuning: soft Dice, HR")):
    axis.set_title(title, fontsize=9), axis.set_xlabel("iteration", fontsize=8), axis.tick_params(labelsize=7), axis.grid(alpha=.3)
axes[0].legend(fontsize=7), axes[2].legend(fontsize=6)
fig.tight_layout()
fig.savefig(f"{out}/table4-curves.png", dpi=90)
