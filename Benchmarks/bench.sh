#!/usr/bin/env bash
# bench.sh [TABLE [PATTERN]]: what does each part cost?
#
# Builds the benchmarks of this folder's package in release, runs each in a process of its own, all on one core, and writes the
# Markdown table to TABLE (default: .build/bench.md) and to standard output. PATTERN, a regular expression, chooses some by
# their whole names. CORE=1 for another core. Ends with 1 when scoring or learning calls malloc after warm-up.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
table=${1:-$here/../.build/bench.md}
pattern=${2:-.*}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

export MONITORD_BENCHMARKS=1
package=(--package-path "$here" --static-swift-stdlib)
swift build "${package[@]}" -c release --product MonitordBenchmarks >&2
swift build "${package[@]}" -c release --product BenchmarkTool >&2
built=$(swift build "${package[@]}" -c release --show-bin-path)
# The tool of the plugin, called as the plugin calls it: `swift package benchmark` would build everything anew with the Swift
# runtime as a library (it takes no --static-swift-stdlib), which is not what is released.
taskset -c "${CORE:-0}" "$built/BenchmarkTool" --command run --format jmh --path "$work" --no-progress --filter "$pattern" \
    --grouping benchmark --benchmark-package-identifier benchmark --baseline-storage-path "$work" \
    --targets MonitordBenchmarks --benchmark-executable-paths "$built/MonitordBenchmarks" >"$work/log" 2>&1 \
    || { tail -30 "$work/log" >&2; exit 1; }
# It ends well although a benchmark has thrown, and leaves it out.
if grep -A 1000 'The following benchmarks failed' "$work/log" >&2; then exit 1; fi

mkdir -p "$(dirname "$table")"
status=0
python3 "$here/table.py" "$work"/Current_run.jmh.json >"$work/table.md" || status=$?
{
    echo "$(date -u +%FT%TZ), $(grep -m1 'model name' /proc/cpuinfo | cut -d: -f2- | sed 's/^ *//'), core ${CORE:-0}, $(swift --version 2>/dev/null | head -1)"
    echo
    cat "$work/table.md"
} | tee "$table"
exit "$status"
