#!/usr/bin/env bash
# Rewrites the libraries' PublicAPI.Unshipped.txt from their code: all that is public and not in PublicAPI.Shipped.txt.
set -eu -o pipefail
cd "$(dirname "$0")"
for library in REHRSeg.Imaging REHRSeg.Onnx REHRSeg; do
  file=$library/PublicAPI.Unshipped.txt
  echo '#nullable enable' > "$file"
  log=$(dotnet build "$library" -c Release --no-incremental -v m -p:TreatWarningsAsErrors=false) || { echo "$log"; exit 1; }
  grep -oP "/$library/.*RS0016: Symbol '\K.*(?=' is not part of the declared public API)" <<< "$log" | LC_ALL=C sort -u >> "$file" || true
  wc -l "$file"
done
