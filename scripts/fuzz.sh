#!/usr/bin/env bash
# Runs every fuzz target for some seconds (default 30) from the seed corpus: scripts/fuzz.sh [SECONDS]. Needs clang with
# libFuzzer and cmake; what is found is left in build/fuzz/.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-30}

CXX=${FUZZ_CXX:-clang++} cmake -S . -B build/fuzz -DGLOSSA_FUZZ=ON -DCMAKE_BUILD_TYPE=RelWithDebInfo >/dev/null
cmake --build build/fuzz --parallel "$(nproc)" >/dev/null
rm -rf build/fuzz/corpus
node scripts/fuzz_corpus.mjs build/fuzz/corpus
for target in safetensors config; do
  build/fuzz/fuzz-$target -max_total_time="$seconds" -max_len=4096 -rss_limit_mb=1024 -timeout=5 -print_final_stats=1 \
    -artifact_prefix="build/fuzz/$target-" "build/fuzz/corpus/$target" 2>"build/fuzz/$target.log" || {
    tail -40 "build/fuzz/$target.log"
    exit 1
  }
  printf '%s: %s inputs, no finding\n' "$target" "$(sed -n 's/stat::number_of_executed_units: *//p' "build/fuzz/$target.log")"
done
