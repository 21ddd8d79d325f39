#!/usr/bin/env bash
# sanitize.sh address|thread [FILTER]
#
# Builds the tests and monitord with a sanitizer, in a build folder of its own (.build/sanitize-…), and runs the tests; those
# that start monitord start the sanitized one. In the C targets what is undefined traps in either build. Ends with 0 when
# every test passed and the sanitizer said nothing, in whatever process.
#
# Left out, because they measure or stand in for what a sanitizer changes itself:
#   AllocationTests       count calls of malloc, which is the sanitizer's
#   CampaignTests         put a library between monitord and the disk, which the sanitizer's own must come before; and time kills
set -euo pipefail
kind=${1:?usage: sanitize.sh address|thread [FILTER]}
filter=${2:-}
case $kind in
    address | thread) ;;
    *)
        echo "usage: sanitize.sh address|thread [FILTER]" >&2
        exit 64
        ;;
esac
root=$(cd "$(dirname "$0")/../.." && pwd)
cd "$root"
scratch=.build/sanitize-$kind
found=$scratch/found
mkdir -p "$found"
find "$found" -type f -delete
export MONITORD_SANITIZE=1
build=(--scratch-path "$scratch" --sanitize="$kind" ${MONITORD_BUILD_JOBS:+-j "$MONITORD_BUILD_JOBS"})
swift build --build-tests "${build[@]}"
bin=$(swift build "${build[@]}" --show-bin-path)
# Every process writes what it finds to a file of its own: that of a monitord that a test starts is not lost.
# Leaks are not looked for: Swift keeps pointers with spare bits in use (a string's storage is one), which the leak sanitizer
# does not take for pointers, and calls what hangs on them lost.
export ASAN_OPTIONS="detect_leaks=0:log_path=$root/$found/report"
export TSAN_OPTIONS="log_path=$root/$found/report:halt_on_error=0"
begin=$SECONDS
status=0
MONITORD_BINARY=$bin/monitord swift test --skip-build "${build[@]}" --skip 'AllocationTests|CampaignTests' \
    ${filter:+--filter "$filter"} || status=$?
reports=$(find "$found" -type f | wc -l)
echo "sanitize: $kind, $((SECONDS - begin)) s, $reports processes of which the sanitizer told something"
if [ "$reports" -gt 0 ]; then
    find "$found" -type f -exec head -60 {} +
    exit 1
fi
exit "$status"
