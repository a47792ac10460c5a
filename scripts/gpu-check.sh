#!/usr/bin/env bash
# Everything that is to be seen on a machine with a GPU, in one go and without Node. Each step runs under a time limit
# and the next one follows whatever came of it; a table stands at the end, logs and JSON in a folder.
set -uo pipefail

usage() {
  cat <<'EOF'
usage: scripts/gpu-check.sh [options]

  --binary FILE     a built glossa-native; without it one is built with CUDA in build/cuda
  --device NAME     cuda, cuda:1, ... or emulated-cuda, where everything shrinks to what can be emulated (default: cuda)
  --out DIR         logs and JSON of the steps (default: gpu-check, beside where it is started)
  --only STEPS      of tests, golden, agreement, kills, sanitizer, bench; several with commas (default: all)
  --filter TEXT     of the tests, those whose name contains it (default: all)
  --golden DIR      the reference cases (default: those of the repository)
  --peers DIR       Python's peers (peer_gpu.py, peer_ops.py), to run beside the benches
  --seconds N       for all of it together; what finds no time left is not run (default: no limit)
  --help

exit code: 0 all went well, 1 a step failed or was not run for want of time, 2 misused
EOF
}

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
binary='' device=cuda out=gpu-check only=tests,golden,agreement,kills,sanitizer,bench filter='' peers='' seconds=0
golden=$root/test/golden/cases

while [ $# -gt 0 ]; do
  case $1 in
    --help | -h) usage; exit 0 ;;
    --binary | --device | --out | --only | --filter | --golden | --peers | --seconds)
      if [ $# -lt 2 ]; then
        echo "$1 needs a value" >&2
        exit 2
      fi
      declare "${1#--}=$2"
      shift 2
      ;;
    *) echo "$1: unknown; --help says what there is" >&2; exit 2 ;;
  esac
done
case $seconds in
  '' | *[!0-9]*) echo "--seconds $seconds: expected a whole number" >&2; exit 2 ;;
esac
if [ -z "${only//,/}" ]; then
  echo "--only $only: names no part; --help says which there are" >&2
  exit 2
fi
for part in ${only//,/ }; do
  case $part in
    tests | golden | agreement | kills | sanitizer | bench) ;;
    *) echo "--only $part: expected tests, golden, agreement, kills, sanitizer or bench" >&2; exit 2 ;;
  esac
done
if [ -n "$binary" ] && [ ! -x "$binary" ]; then
  echo "--binary $binary: there is no such program" >&2
  exit 2
fi
mkdir -p "$out" || exit 2
out=$(cd "$out" && pwd)

wants() { case ",$only," in *",$1,"*) true ;; *) false ;; esac; }

table=() failed=0
row() { table+=("$(printf '%-34s | %-12s | %7s' "$1" "$2" "$3")"); }

# step NAME LIMIT COMMAND...: the log is NAME.log; a last line that is JSON goes to NAME.json as well.
step() {
  local name=$1 limit=$2 log="$out/$1.log" start=$SECONDS code=0 result=ok
  shift 2
  if [ "$seconds" -gt 0 ] && [ $((seconds - SECONDS)) -lt "$limit" ]; then limit=$((seconds - SECONDS)); fi
  if [ "$limit" -le 0 ]; then
    echo "== $name: no time left"
    row "$name" 'no time' -
    failed=1
    return 1
  fi
  echo "== $name: $*"
  timeout --kill-after=10 "$limit" "$@" >"$log" 2>&1 || code=$?
  if { [ "$code" -eq 124 ] || [ "$code" -eq 137 ]; } && [ $((SECONDS - start)) -ge "$limit" ]; then
    result="over $limit s"
  elif [ "$code" -ne 0 ]; then
    result="failed ($code)"
  fi
  if [ "$code" -ne 0 ]; then
    failed=1
    tail -n 20 "$log" | cut -c1-200
  else
    tail -n 1 "$log" | cut -c1-200
  fi
  case $(tail -n 1 "$log") in '{'*) tail -n 1 "$log" >"$out/$name.json" ;; esac
  row "$name" "$result" "$((SECONDS - start))"
  return "$code"
}
skip() {
  echo "== $1: skipped, $2"
  row "$1" skipped -
}

finish() {
  {
    printf '\n%-34s | %-12s | %7s\n' step result seconds
    if [ ${#table[@]} -gt 0 ]; then printf '%s\n' "${table[@]}"; fi
  } | tee "$out/table.txt"
  echo "logs and JSON: $out"
  exit "$failed"
}

emulated=0
[ "${device#emulated}" != "$device" ] && emulated=1

# A program of the CUDA toolkit, which need not be on the PATH. Empty: there is none.
find_cuda() {
  local path
  for path in "$(command -v "$1")" "${CUDA_HOME:-}/bin/$1" /usr/local/cuda/bin/"$1" /usr/local/cuda-*/bin/"$1"; do
    if [ -n "$path" ] && [ -x "$path" ]; then
      echo "$path"
      return
    fi
  done
}

# The commit, and whether what is there is that: results are worth nothing without.
say_commit() {
  local git=(git --no-optional-locks -c safe.directory="$root" -C "$root") changed
  if ! "${git[@]}" log -1 --format='commit %H' 2>/dev/null; then
    echo 'commit unknown: no git here, or no history'
    return
  fi
  changed=$("${git[@]}" status --porcelain 2>/dev/null | head -n 20)
  if [ -z "$changed" ]; then
    echo 'no uncommitted changes'
  else
    echo 'with uncommitted changes:'
    echo "$changed"
  fi
}

{
  date -u +'%Y-%m-%d %H:%M UTC'
  echo "device $device"
  say_commit
  if [ -n "$binary" ]; then echo "built program given: $binary, whose commit this need not be"; fi
  if command -v nvidia-smi >/dev/null; then
    timeout --kill-after=5 30 nvidia-smi --query-gpu=name,driver_version,memory.total,clocks.max.sm,power.limit \
      --format=csv || echo "nvidia-smi failed or took over 30 s ($?)"
  else
    echo 'no nvidia-smi here'
  fi
  nvcc=$(find_cuda nvcc)
  if [ -n "$nvcc" ]; then timeout 30 "$nvcc" --version | tail -n 2; fi
} 2>&1 | tee "$out/machine.txt"

if [ -z "$binary" ]; then
  build=$root/build/cuda
  if ! mkdir -p "$build" 2>/dev/null || [ ! -w "$build" ]; then build=$out/build; fi
  if ! { step configure 300 cmake -S "$root" -B "$build" -DGLOSSA_CUDA=ON -DCMAKE_BUILD_TYPE=Release &&
    step build 1800 cmake --build "$build" --target glossa-native -j "$(nproc)"; }; then
    finish # never with the program of an earlier build
  fi
  binary=$build/glossa-native
fi
binary=$(cd "$(dirname "$binary")" && pwd)/$(basename "$binary")
step info 60 "$binary" info
cat "$out/info.log" >>"$out/machine.txt" 2>/dev/null

if wants tests; then
  step tests 600 env GLOSSA_ROOT="$root" GLOSSA_DEVICE="$device" "$binary" test ${filter:+"$filter"}
  # On Hopper attention has two ways, and the tests above took one.
  [ "$emulated" = 1 ] || step tests-without-warpgroups 120 env GLOSSA_ROOT="$root" GLOSSA_DEVICE="$device" \
    GLOSSA_CUDA_WARPGROUPS=0 "$binary" test attention:
fi

if wants golden; then
  for dtype in f32 bf16; do
    if [ -d "$golden" ]; then
      step "golden-$dtype" 300 "$binary" golden "$golden" --device "$device" --dtype "$dtype"
    else
      skip "golden-$dtype" "$golden is not there"
    fi
  done
fi

if wants agreement; then
  if [ "$emulated" = 1 ]; then
    step agreement-tiny 300 "$binary" agreement --device "$device" --dtype bf16 --completions 4
  else
    step agreement-tiny 120 "$binary" agreement --device "$device" --dtype f32
    step agreement-without-graphs 120 env GLOSSA_CUDA_GRAPHS=0 "$binary" agreement --device "$device" --dtype bf16
    for model in qwen2.5-1.5b llama-3.2-1b olmo-2-1b qwen3-1.7b; do
      step "agreement-$model-2-layers" 180 "$binary" agreement --device "$device" --dtype bf16 --model "$model" --layers 2
    done
    for model in qwen2.5-1.5b llama-3.2-1b olmo-2-1b qwen3-1.7b; do
      step "agreement-$model" 300 "$binary" agreement --device "$device" --dtype bf16 --model "$model"
    done
  fi
fi

if wants kills; then
  if [ "$emulated" = 1 ]; then
    step kills 300 "$binary" kills --device "$device" --kills 2
  else
    for dtype in f32 bf16; do
      step "kills-$dtype" 300 "$binary" kills --device "$device" --dtype "$dtype" --kills 8
    done
  fi
fi

# Every operator once, attention with heads of every size, and a sampler and trainer of tiny size: a sanitizer makes them
# a hundred times as slow.
if wants sanitizer; then
  sanitizer=$(find_cuda compute-sanitizer)
  for tool in memcheck racecheck; do
    if [ -n "$sanitizer" ] && [ "$emulated" = 0 ]; then
      step "$tool-operators" 300 "$sanitizer" --tool "$tool" --error-exitcode 1 \
        "$binary" bench kernels --small --device "$device"
      step "$tool-attention" 300 env GLOSSA_DEVICE="$device" "$sanitizer" --tool "$tool" --error-exitcode 1 \
        "$binary" test 'attention: rows of bfloat16'
      step "$tool-engine" 300 "$sanitizer" --tool "$tool" --error-exitcode 1 \
        "$binary" agreement --device "$device" --dtype bf16 --completions 8
    else
      skip "$tool" 'no compute-sanitizer, or nothing that it could watch'
    fi
  done
fi

if wants bench; then
  if [ "$emulated" = 1 ]; then
    step bench-kernels 120 "$binary" bench kernels --small --device "$device"
    step bench-engine 300 "$binary" bench engine --model qwen2.5-1.5b --small --dtype bf16 --device "$device"
  else
    step bench-kernels 240 "$binary" bench kernels --device "$device"
    step bench-attention-without-warpgroups 60 env GLOSSA_CUDA_WARPGROUPS=0 "$binary" bench kernels \
      --only attention --device "$device"
    [ -z "$peers" ] || step peer-ops 240 python3 "$peers/peer_ops.py"
    for what in decode train step; do
      step "bench-engine-$what" 240 "$binary" bench engine --model qwen2.5-1.5b --dtype bf16 --device "$device" \
        --what "$what"
    done
    step bench-engine-without-graphs 240 env GLOSSA_CUDA_GRAPHS=0 "$binary" bench engine --model qwen2.5-1.5b \
      --dtype bf16 --device "$device" --what decode
    for looks in 1 3; do
      step "bench-engine-looks-$looks" 240 "$binary" bench engine --model qwen2.5-1.5b --dtype bf16 --device "$device" \
        --what decode --looks "$looks"
    done
    [ -z "$peers" ] || step peer-gpu 300 python3 "$peers/peer_gpu.py" 200
    for model in llama-3.2-3b olmo-2-1b; do
      step "bench-engine-$model" 240 "$binary" bench engine --model "$model" --dtype bf16 --device "$device" --what step
    done
  fi
fi

finish
