#!/usr/bin/env bash
# cells.sh [BUILD]: what does a step of the LSTM cost, and of the GRU?
#
# Compiles cells.c with the kernels as the package does (-O2) and prints a Markdown table: medians of processor time, both cells
# in turn, and the median of the ratios. BUILD is one of the kernels' builds (avx512, avx2, baseline); default: the fastest.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
clang=$(dirname "$(readlink -f "$(command -v swift)")")/clang
"$clang" -O2 -I "$here/../Sources/CKernels/include" "$here/cells.c" "$here"/../Sources/CKernels/*.c -o "$work/cells"
taskset -c 0 "$work/cells" "$@"
