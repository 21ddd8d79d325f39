#!/bin/bash
# journald-frozen.sh MONITORD.deb [SECONDS]
#
# Half a minute (or SECONDS) of a journald that does not read, under 5,000 samples a second; see
# Tests/Scripts/journald-frozen.sh. Ends with 0 when all checks passed, with 77 when the machine cannot do it.
set -u

scripts=$(cd "$(dirname "$0")/../Scripts" && pwd)
package=${1:?usage: journald-frozen.sh MONITORD.deb [SECONDS]}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
echo "dpkg -i /opt/monitord.deb >/dev/null 2>&1; bash /opt/journald-frozen.sh ${2:-30}" >"$work/inside"
bash "$scripts/systemd-host.sh" "$work/inside" "$package=/opt/monitord.deb" \
    "$scripts/journald-frozen.sh=/opt/journald-frozen.sh" >"$work/out" 2>&1
status=$?
cat "$work/out"
[ $status = 77 ] && exit 77
grep -q '^ok ' "$work/out" && ! grep -q '^FAIL ' "$work/out"
