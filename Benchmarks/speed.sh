#!/usr/bin/env bash
# speed.sh BINARY DATA.csv REFERENCE [ARGUMENT...]: how fast is it beside something known?
#
# Runs `replay --json DATA.csv` and the reference in turn, each on core 0, ROUNDS (5) times. The reference prints one JSON line with
# `samples_per_cpu_s`, as `replay --json` does. Prints the medians and the median of the ratios, round by round. Needs python3.
set -euo pipefail
if [ $# -lt 3 ] || [ ! -x "$1" ] || [ ! -f "$2" ]; then
    echo "usage: speed.sh BINARY DATA.csv REFERENCE [ARGUMENT...]" >&2
    exit 64
fi
binary=$1
data=$2
shift 2
for _ in $(seq "${ROUNDS:-5}"); do
    echo "ours $(taskset -c 0 "$binary" replay --json "$data" 2>/dev/null | tail -n 1)"
    echo "peer $(taskset -c 0 "$@" 2>/dev/null | tail -n 1)"
done | python3 -c '
import json, statistics, sys
rates = {"ours": [], "peer": []}
for line in sys.stdin:
    who, text = line.split(" ", 1)
    rates[who].append(json.loads(text)["samples_per_cpu_s"])
for who, values in rates.items():
    print(f"{who}: {statistics.median(values):.0f} samples a CPU second [{min(values):.0f}..{max(values):.0f}]")
ratio = statistics.median(a / b for a, b in zip(rates["ours"], rates["peer"]))
print(f"ratio: {ratio:.3f}")
'
