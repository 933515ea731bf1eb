#!/usr/bin/env bash
# Coverage-guided fuzzing of one reader with AFL++ (Debian: apt-get install afl++) and SharpFuzz's instrumentation
# (dotnet tool install SharpFuzz.CommandLine --version 2.3.0 --tool-path TOOLS; set SHARPFUZZ=TOOLS/sharpfuzz).
# Usage: run.sh nifti|nrrd|metaimage SECONDS OUT; what it finds is in OUT/FORMAT/default/crashes and hangs. To look at a finding:
# dotnet run -c Release --project tests/REHRSeg.Fuzz -- replay FORMAT FILE   (a build that is not instrumented)
set -eu
format=$1 seconds=$2 out=$(mkdir -p "$3" && realpath "$3")
cd "$(dirname "$0")"
build="$out/build"
dotnet build -c Release -v q -o "$build" >/dev/null
dotnet "$build/REHRSeg.Fuzz.dll" seeds "$out/seeds"
"${SHARPFUZZ:-sharpfuzz}" "$build/REHRSeg.Imaging.dll"
dictionary=(); [ -f "$format.dict" ] && dictionary=(-x "$format.dict")
export AFL_SKIP_BIN_CHECK=1 AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1 AFL_SKIP_CPUFREQ=1 AFL_NO_AFFINITY=1 AFL_NO_UI=1 DOTNET_gcServer=0
exec afl-fuzz -i "$out/seeds/$format" -o "$out/$format" "${dictionary[@]}" -t 10000 -m none -V "$seconds" -- dotnet "$build/REHRSeg.Fuzz.dll" "$format"
