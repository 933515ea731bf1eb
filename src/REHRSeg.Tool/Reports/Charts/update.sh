#!/usr/bin/env bash
# Fetches the distribution files of D3 and Observable Plot that reports embed, and the licences of all that is bundled in them. Needs npm.
# To move to another version: change the values below and in PageAssets.cs, run, look at a report, commit.
set -euo pipefail
d3=7.9.2 plot=0.6.17
sums="912111098ea99503a6f4967361d2bbdc9dbf58cf9c678c8e27e5b02d1a07f0c1  node_modules/d3/dist/d3.min.js
4358086467740777dd788d6b27a95cebdbaefdd50c730a3060117073bd7134cb  node_modules/@observablehq/plot/dist/plot.umd.min.js"

here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
echo '{"private":true}' > package.json
npm install --silent --ignore-scripts --no-audit "d3@$d3" "@observablehq/plot@$plot"
echo "$sums" | sha256sum --check --quiet
cp node_modules/d3/dist/d3.min.js node_modules/@observablehq/plot/dist/plot.umd.min.js "$here/"

# One text a licence, with the packages that have it. Not bundled: the command line tools of d3-dsv (commander, iconv-lite, rw, safer-buffer).
node - > "$here/licenses.txt" <<'JS'
const { readdirSync, readFileSync, existsSync } = require("fs");
const left = new Set(["commander", "iconv-lite", "rw", "safer-buffer"]), texts = new Map();
const names = readdirSync("node_modules").filter(n => !n.startsWith(".") && !n.startsWith("@") && !left.has(n)).concat("@observablehq/plot");
for (const name of names) {
  const file = readdirSync(`node_modules/${name}`).find(f => /^(un)?licen[cs]e/i.test(f));
  if (!file) throw new Error(`${name} has no licence file`);
  const text = readFileSync(`node_modules/${name}/${file}`, "utf8").replace(/\r/g, "").trim();
  texts.set(text, [...(texts.get(text) ?? []), name]);
}
for (const [text, packages] of texts) console.log(`---- ${packages.join(", ")} ----\n\n${text}\n`);
JS
echo "d3 $d3, Observable Plot $plot: $(grep -c '^----' "$here/licenses.txt") licence texts."
