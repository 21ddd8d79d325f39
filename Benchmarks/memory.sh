#!/usr/bin/env bash
# memory.sh BINARY [MILLIONS]: does memory grow?
#
# Pipes 1 million and then MILLIONS (10) million lines of 8 channels through `replay` and prints the largest resident memory of each
# and the difference. The lines come from awk as they are read: nothing is stored.
set -euo pipefail
if [ $# -lt 1 ] || [ ! -x "$1" ]; then
    echo "usage: memory.sh BINARY [MILLIONS]" >&2
    exit 64
fi
resident() {
    awk -v rows="$2" 'BEGIN {
        srand(7); print "time,a,b,c,d,e,f,g,h"
        for (i = 0; i < rows; i++) {
            s = sin(i / 300)
            printf "%d,%.3f,%.3f,%.3f,%.3f,%.3f,%.3f,%.3f,%.3f\n", 1700000000 + i, 20 + s + rand(), 5 - s + rand() * .3, rand(),
                100 + 10 * s + rand(), 3 + rand(), 7 + s * rand(), rand() + rand(), 50 + rand() * 4
        }
    }' | "$1" replay --json - 2>/dev/null | sed 's/.*"rss_mb":\([0-9.]*\).*/\1/'
}
few=$(resident "$1" 1000000)
many=$(resident "$1" $((${2:-10} * 1000000)))
echo "after 1 million samples: $few MB; after ${2:-10} million: $many MB; difference $(awk -v a="$few" -v b="$many" 'BEGIN { print b - a }') MB"
