(() => {
  "use strict";
  const report = JSON.parse(document.getElementById("report-data").textContent);
  const titleOf = new Map(report.cells.map(c => [c.name, c.title]));
  const chosen = { volumes: report.reference, panels: report.reference };
  const accent = "var(--accent)", soft = "var(--soft)";
  const hues = ["#3b82c4", "#e08214", "#35978f", "#c2578f", "#8073ac", "#b8a023", "#6f8f3a", "#d6604d", "#7a7f87", "#4fb3d9"];
  const unit = { HD95: " mm", PSNR: " dB" };
  const digits = m => m === "DSC" || m === "SSIM" ? 3 : 2;
  const text = (v, m) => v.toFixed(digits(m)) + (unit[m] ?? "");

  // A number from 0 to 1 that is always the same for a name, so that points keep their places.
  const scatter = name => { let h = 2166136261; for (const c of name) h = Math.imul(h ^ c.codePointAt(0), 16777619); return (h >>> 8) / 2 ** 24; };
  const style = { fontSize: "12px", background: "transparent" };
  const rowLabel = (cells, rows) => Plot.text(cells, { fy: "name", text: d => shorten(d.title, rows), frameAnchor: "top-left", dy: -1, textAnchor: "start", fill: "currentColor", fontSize: 12 });
  const shorten = (t, width) => t.length * 6.3 > width ? t.slice(0, Math.max(8, Math.floor(width / 6.3) - 1)) + "…" : t;

  function box(figure, width) {
    const { grid, measure } = figure.dataset, key = `${grid} ${measure}`;
    const cells = report.cells.filter(c => report.rows.some(r => r.cell === c.name && Number.isFinite(r[key])));
    const points = report.rows.filter(r => Number.isFinite(r[key])).map(r => ({ name: r.cell, value: r[key], y: scatter(r.case) - 0.75, case: r.case, rank: r.cell === report.reference ? report.shown.find(s => s.case === r.case)?.rank : undefined }));
    const boxes = cells.map(c => {
      const values = points.filter(p => p.name === c.name).map(p => p.value).sort((a, b) => a - b);
      const [q1, q2, q3] = [0.25, 0.5, 0.75].map(q => d3.quantileSorted(values, q)), reach = 1.5 * (q3 - q1);
      return { name: c.name, q1, q2, q3, low: values.find(v => v >= q1 - reach), high: values.findLast(v => v <= q3 + reach) };
    });
    const colour = d => d.name === report.reference ? accent : soft;
    return Plot.plot({
      width, height: cells.length * 56 + 30, marginLeft: 6, marginRight: 10, marginTop: 4, marginBottom: 26, style,
      fy: { domain: cells.map(c => c.name), axis: null, padding: 0 }, y: { domain: [-1.3, 1.3], axis: null }, x: { nice: true, grid: true, label: null },
      marks: [
        Plot.ruleY(boxes, { fy: "name", x1: "low", x2: "high", y: -0.25, stroke: colour }),
        Plot.rect(boxes, { fy: "name", x1: "q1", x2: "q3", y1: -0.85, y2: 0.35, fill: colour, fillOpacity: 0.16, stroke: colour, strokeOpacity: 0.7 }),
        Plot.ruleX(boxes, { fy: "name", x: "q2", y1: -0.85, y2: 0.35, stroke: colour, strokeWidth: 2.5 }),
        Plot.dot(points, { fy: "name", x: "value", y: "y", r: 2.1, fill: colour, fillOpacity: 0.65 }),
        Plot.dot(points.filter(p => p.rank), { fy: "name", x: "value", y: "y", r: 4.5, stroke: "currentColor", strokeWidth: 1.4 }),
        rowLabel(cells, width - 20),
        Plot.tip(points, Plot.pointer({ fy: "name", x: "value", y: "y", title: d => `${d.case}${d.rank ? ` (${d.rank})` : ""}\n${titleOf.get(d.name) ?? d.name}\n${key} ${text(d.value, measure)}` })),
      ],
    });
  }

  function forest(figure, width) {
    const { grid, measure } = figure.dataset, lower = measure === "HD95";
    const rows = report.comparisons.filter(c => c.against === report.reference && c.grid === grid && c.measure === measure && Number.isFinite(c.difference)).map(c => ({ ...c, name: c.cell, title: titleOf.get(c.cell) ?? c.cell }));
    const sure = d => d.low > 0 || d.high < 0, colour = d => !sure(d) ? soft : (d.difference > 0) !== lower ? "var(--good)" : "var(--bad)";
    const reach = Math.max(1e-6, ...rows.flatMap(r => [r.low, r.high, r.difference].filter(Number.isFinite).map(Math.abs)));
    return Plot.plot({
      width, height: rows.length * 40 + 44, marginLeft: 6, marginRight: 10, marginTop: 16, marginBottom: 28, style,
      fy: { domain: rows.map(r => r.name), axis: null, padding: 0 }, y: { domain: [-1, 1], axis: null }, x: { domain: [-reach * 1.08, reach * 1.08], nice: true, grid: true, label: null, tickFormat: "+" },
      marks: [
        Plot.ruleX([0], { stroke: "currentColor", strokeOpacity: 0.6 }),
        Plot.ruleY(rows.filter(r => Number.isFinite(r.low) && Number.isFinite(r.high)), { fy: "name", y: -0.35, x1: "low", x2: "high", stroke: colour, strokeWidth: 2.2, strokeOpacity: 0.8 }),
        Plot.dot(rows, { fy: "name", x: "difference", y: -0.35, r: 4.5, fill: colour }),
        rowLabel(rows, width - 20),
        Plot.tip(rows, Plot.pointerX({ fy: "name", x: "difference", y: -0.35, title: d => `${d.title}\n${d.difference > 0 ? "+" : ""}${text(d.difference, measure)}${Number.isFinite(d.low) ? ` (${d.low.toFixed(digits(measure))} to ${d.high.toFixed(digits(measure))})` : ""}${Number.isFinite(d.p) ? `\np ${d.p < 0.001 ? "< 0.001" : "= " + d.p.toFixed(3)} (Holm)` : ""}` })),
        Plot.text([lower ? "← better" : "← worse"], { frameAnchor: "top-left", dy: -14, fill: soft, text: d => d, facet: "super" }),
        Plot.text([lower ? "worse →" : "better →"], { frameAnchor: "top-right", dy: -14, fill: soft, text: d => d, facet: "super" }),
      ],
    });
  }

  function volume(figure, width) {
    const { grid } = figure.dataset, name = figure.dataset.class;
    const points = report.rows.filter(r => r.cell === chosen.volumes).map(r => ({ case: r.case, truth: r[`${grid} reference volume ${name}`], predicted: r[`${grid} volume ${name}`] })).filter(p => Number.isFinite(p.truth) && Number.isFinite(p.predicted));
    if (points.length === 0) return note("No volumes of this method.");
    const inMl = d3.max(points, p => Math.max(p.truth, p.predicted)) > 20000, scale = inMl ? 1000 : 1, mm = inMl ? "ml" : "mm³";
    const all = points.flatMap(p => [p.truth / scale, p.predicted / scale]), span = d3.extent(all), pad = (span[1] - span[0]) * 0.06 || 1;
    const differences = points.map(p => (p.predicted - p.truth) / scale), bias = d3.mean(differences), sd = d3.deviation(differences);
    const side = Math.min(width, 380), domain = [span[0] - pad, span[1] + pad], say = (v, n = 4) => v.toLocaleString("en", { maximumSignificantDigits: n }).replace("-", "−");
    return Plot.plot({
      width: side, height: side, marginLeft: 52, marginBottom: 38, marginRight: 14, style, x: { domain, grid: true, label: `true volume (${mm})`, ticks: 5 }, y: { domain, grid: true, label: `predicted (${mm})`, ticks: 5 },
      marks: [
        Plot.line([domain, domain].map((d, i) => [d[i], d[i]]), { stroke: "currentColor", strokeOpacity: 0.5 }),
        Plot.line([domain, domain].map((d, i) => [d[i], d[i] + bias]), { stroke: accent, strokeDasharray: "4 3", clip: true }),
        Plot.dot(points, { x: p => p.truth / scale, y: p => p.predicted / scale, r: 3, fill: accent, fillOpacity: 0.6 }),
        Plot.text([`bias ${bias > 0 ? "+" : ""}${say(bias, 3)}${sd === undefined ? "" : ` ± ${say(sd, 3)}`} ${mm}`], { frameAnchor: "top-left", dx: 8, dy: 6, text: d => d, fill: accent, stroke: "var(--paper)", strokeWidth: 4 }),
        Plot.tip(points, Plot.pointer({ x: p => p.truth / scale, y: p => p.predicted / scale, title: p => `${p.case}\ntrue ${say(p.truth / scale)} ${mm}\npredicted ${say(p.predicted / scale)} ${mm}` })),
      ],
    });
  }

  function curves(figure, width) {
    const stage = report.curves.filter(c => c.stage === figure.dataset.stage), measure = figure.querySelector("select")?.value ?? figure.dataset.measures.split(" ")[0];
    const names = [...new Set(stage.map(c => c.name))], lines = stage.filter(c => c.points[measure]).map(c => ({ name: c.name, fold: c.fold, points: d3.range(0, c.points[measure].length, 2).map(i => ({ x: c.points[measure][i], y: c.points[measure][i + 1], name: c.name, fold: c.fold })).filter(p => p.y !== null) }));
    const colour = d => names.length === 1 ? accent : hues[names.indexOf(d.name) % hues.length], all = lines.flatMap(l => l.points);
    if (all.length === 0) return note("Nothing was reported.");
    const chart = Plot.plot({
      width, height: 230, marginLeft: 48, marginBottom: 34, marginRight: 12, style, x: { label: "iteration", ticks: 5 }, y: { grid: true, label: null, ticks: 5 },
      marks: [
        lines.map(l => l.points.length > 1 ? Plot.line(l.points, { x: "x", y: "y", stroke: colour(l), strokeWidth: 1.5, strokeOpacity: 0.85 }) : Plot.dot(l.points, { x: "x", y: "y", fill: colour(l), r: 3 })),
        Plot.tip(all, Plot.pointer({ x: "x", y: "y", title: d => `${d.name}${d.fold === undefined ? "" : `, fold ${d.fold}`}\niteration ${d.x}\n${measure} ${d.y}` })),
      ],
    });
    if (names.length === 1) return chart;
    const holder = document.createElement("div");
    holder.append(chart, keys(names.map((n, i) => [n, hues[i % hues.length]])));
    return holder;
  }

  function reliability(figure, width) {
    const { cell, grid } = figure.dataset, region = document.querySelector('[data-choice="region"]')?.value;
    const c = report.calibrations.find(k => k.cell === cell && k.grid === grid && (region === undefined || k.region === region));
    if (!c) return note("Not measured on these voxels.");
    const side = Math.min(width, 340), most = d3.max(c.before, b => b.n) ?? 1, points = [...c.before.map(b => ({ ...b, what: "before" })), ...c.after.map(b => ({ ...b, what: "after" }))];
    const colour = d => d.what === "after" ? accent : "var(--prediction)", ece = v => Number.isFinite(v) ? v.toFixed(4) : "–";
    const chart = Plot.plot({
      width: side, height: side, marginLeft: 44, marginBottom: 38, marginRight: 12, style, x: { domain: [0, 1], label: "confidence", ticks: 5 }, y: { domain: [0, 1], grid: true, label: "accuracy", ticks: 5 },
      marks: [
        Plot.rect(c.before, { x1: b => b.c - 0.025, x2: b => b.c + 0.025, y1: 0, y2: b => 0.16 * b.n / most, fill: soft, fillOpacity: 0.25, clip: true }),
        Plot.line([[0, 0], [1, 1]], { stroke: "currentColor", strokeOpacity: 0.5, strokeDasharray: "3 3" }),
        Plot.line(points, { x: "c", y: "a", z: "what", stroke: colour, strokeWidth: 1.8 }),
        Plot.dot(points, { x: "c", y: "a", fill: colour, r: 3 }),
        Plot.tip(points, Plot.pointer({ x: "c", y: "a", title: b => `${b.what} scaling\nconfidence ${b.c.toFixed(3)}\naccuracy ${b.a.toFixed(3)}\n${b.n.toLocaleString("en")} voxels` })),
      ],
    });
    const holder = document.createElement("div");
    holder.append(chart, keys([[`before, ECE ${ece(c.eceBefore)}`, "var(--prediction)"], [`temperature-scaled, ECE ${ece(c.eceAfter)}`, accent], ["share of voxels", soft]]));
    return holder;
  }

  function keys(items) {
    const list = document.createElement("p");
    list.className = "keys";
    for (const [name, colour] of items) {
      const key = document.createElement("span"), mark = document.createElement("i");
      mark.style.background = colour;
      key.append(mark, name);
      list.append(key);
    }
    return list;
  }

  function note(words) {
    const p = document.createElement("p");
    p.className = "small";
    p.textContent = words;
    return p;
  }

  const charts = { box, forest, volume, curves, reliability };
  function draw(figure) {
    const place = figure.querySelector(".plot"), width = Math.round(place.clientWidth);
    if (width > 0) place.replaceChildren(charts[figure.dataset.chart](figure, Math.max(width, 220)));
  }
  const figures = [...document.querySelectorAll("figure[data-chart]")];
  const redraw = kind => figures.filter(f => f.dataset.chart === kind).forEach(draw);

  for (const figure of figures.filter(f => f.dataset.chart === "curves")) {
    const measures = figure.dataset.measures.split(" ");
    if (measures.length < 2) continue;
    const label = document.createElement("label"), select = document.createElement("select");
    label.className = "choice";
    select.setAttribute("aria-label", "Measure");
    for (const m of measures) select.add(new Option(m, m));
    select.addEventListener("change", () => draw(figure));
    label.append(select);
    figure.querySelector("figcaption").append(label);
  }
  for (const select of document.querySelectorAll("select[data-choice]"))
    select.addEventListener("change", () => {
      chosen[select.dataset.choice] = select.value;
      if (select.dataset.choice === "volumes") redraw("volume");
      if (select.dataset.choice === "region") redraw("reliability");
      if (select.dataset.choice === "panels") for (const part of document.querySelectorAll("#cases .cell")) part.toggleAttribute("hidden", part.dataset.cell !== select.value);
    });
  for (const check of document.querySelectorAll("input[data-show]"))
    check.addEventListener("change", () => document.getElementById("cases").classList.toggle("hide-" + check.dataset.show, !check.checked));

  const widths = new WeakMap();
  const sizes = new ResizeObserver(entries => {
    for (const { target } of entries) {
      const width = Math.round(target.clientWidth);
      if (widths.get(target) === width) continue;
      widths.set(target, width);
      draw(target.parentElement);
    }
  });
  for (const figure of figures) {
    const place = figure.querySelector(".plot");
    widths.set(place, Math.round(place.clientWidth));
    draw(figure);
    sizes.observe(place);
  }

  const links = new Map([...document.querySelectorAll(".toc li a")].map(a => [a.hash.slice(1), a]));
  const spy = new IntersectionObserver(entries => {
    for (const entry of entries)
      if (entry.isIntersecting) {
        for (const a of links.values()) a.classList.remove("here");
        links.get(entry.target.id)?.classList.add("here");
      }
  }, { rootMargin: "-10% 0px -75% 0px" });
  for (const id of links.keys()) { const section = document.getElementById(id); if (section) spy.observe(section); }
})();
