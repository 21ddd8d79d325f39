#!/usr/bin/env bash
# learning.sh BINARY PACK: is the learning real?
#
# For each NAB file of a labelled pack: the forecaster's one-step error against persistence and the autoencoder's window error
# against the channel's mean, over the second half of the file, as a Markdown table with a summary. Needs python3.
set -euo pipefail
if [ $# -ne 2 ] || [ ! -x "$1" ] || [ ! -d "$2/nab" ]; then
    echo "usage: learning.sh BINARY PACK   (PACK/nab/*/*.csv.gz)" >&2
    exit 64
fi
binary=$(realpath "$1")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for packed in "$2"/nab/*/*.csv.gz; do
    name=$(basename "$packed" .csv.gz)
    gzip -dc "$packed" >"$work/$name.csv"
    echo "$name $("$binary" replay --json "$work/$name.csv" 2>/dev/null)"
done | python3 -c '
import json, sys
columns = ("forecast_error_to_persistence", "reconstruction_error_to_mean")
reached = {column: [] for column in columns}
print("| file | samples | forecaster / persistence | autoencoder / channel mean |\n|---|---:|---:|---:|")
for line in sys.stdin:
    name, text = line.split(" ", 1)
    figures = json.loads(text)
    cells = []
    for column in columns:
        value = figures.get(column)
        cells.append("–" if value is None else f"{value:.3f}")
        if value is not None:
            reached[column].append(value)
    samples = figures["samples"]
    print(f"| {name} | {samples} | {cells[0]} | {cells[1]} |")
print()
for column, values in reached.items():
    below = sum(value < 1 for value in values)
    print(f"{column}: below 1 on {below} of {len(values)}, at most {max(values):.4f}")
'
