#!/usr/bin/env bash
# record.sh BINARY: writes NAME.alerts.jsonl beside each recording of this folder, with `monitord replay`.
#
# The environment is emptied, so that the machine's settings are not in what is recorded.
set -euo pipefail

if [ $# -ne 1 ] || [ ! -x "$1" ]; then
    echo "usage: record.sh BINARY" >&2
    exit 64
fi
binary=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
cd "$(dirname "$0")"

for recording in pump.csv boiler.jsonl fan.csv machine_temperature.csv; do
    alerts=${recording%.*}.alerts.jsonl
    env -i PATH="$PATH" TZ=UTC "$binary" replay --alerts "$alerts.new" "$recording" >/dev/null
    mv "$alerts.new" "$alerts"
    echo "$alerts: $(wc -l < "$alerts") messages"
done
