#!/bin/bash
# journald-test.sh MONITORD
#
# Feeds the daemon a signal with a fault and compares what journald has with what the daemon says on standard output:
# every alert once, with MESSAGE_ID, PRIORITY, SYSLOG_IDENTIFIER and the MONITORD_* fields. Prints `N passed, N failed`; ends
# with 0 when all passed, 1 when not, 77 when the machine cannot do it (with CI=true that is a failure, too).
set -eu

here=$(cd "$(dirname "$0")" && pwd)
monitord=${1:?usage: journald-test.sh MONITORD}
if [ "${JOURNALD_HOST:-}" != 1 ]; then
    status=0
    bash "$here/journald-host.sh" bash "$0" "$monitord" || status=$?
    if [ "$status" = 77 ] && [ "${CI:-}" = true ]; then exit 1; fi
    exit "$status"
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0
failed=0
ok() {
    local name=$1
    shift
    if "$@"; then passed=$((passed + 1)); else failed=$((failed + 1)); echo "FAILED: $name" >&2; fi
}

# An hour of a quiet signal with a little noise that awk repeats exactly, then a fault of half a minute, then quiet again.
awk 'BEGIN {
    seed = 1; print "time,temp,flow"
    for (i = 0; i < 4000; i++) {
        seed = (seed * 16807) % 2147483647; noise = seed / 2147483647 - 0.5
        seed = (seed * 16807) % 2147483647; other = seed / 2147483647 - 0.5
        fault = (i >= 3600 && i < 3630) ? 40 : 0
        printf "%d,%.3f,%.3f\n", 1767225600 + i, 60 + 2 * sin(i / 20) + noise + fault, 4 + 0.2 * other
    }
}' >"$work/input.csv"

"$monitord" run --stdin --journal --log "$work/alerts.jsonl" <"$work/input.csv" >"$work/alerts.out" 2>"$work/messages"
journalctl --sync

field() { sed -n "s/.*\"$2\":\"\{0,1\}\([^\",}]*\).*/\1/p" <<<"$1"; }
entries() { journalctl -q -a -o export "MONITORD_ID=$1" "MONITORD_SEQ=$2"; }
has() { grep -aqxF -- "$2" <<<"$1"; }

ok "the fault raises an alert" test -s "$work/alerts.out"
while IFS= read -r line; do
    id=$(field "$line" id)
    seq=$(field "$line" seq)
    event=$(field "$line" event)
    severity=$(field "$line" severity)
    entry=$(entries "$id" "$seq")
    case "$event/$severity" in
        close/*) priority=5 ;;
        */critical) priority=2 ;;
        *) priority=4 ;;
    esac
    ok "$id/$seq stands in the journal once" test "$(grep -ac '^__CURSOR=' <<<"$entry")" = 1
    ok "$id/$seq has its level" has "$entry" "PRIORITY=$priority"
    ok "$id/$seq has its identifier" has "$entry" "SYSLOG_IDENTIFIER=monitord"
    ok "$id/$seq has a message id" grep -aqE '^MESSAGE_ID=[0-9a-f]{32}$' <<<"$entry"
    ok "$id/$seq has a message" grep -aqE '^MESSAGE=.+ explain: monitord explain '"${id:0:6}"'$' <<<"$entry"
    for name in event time since severity kind series threshold learning; do
        value=$(field "$line" "$name")
        ok "$id/$seq has $name" has "$entry" "MONITORD_${name^^}=$value"
    done
done <"$work/alerts.out"
ok "nothing else is in the journal" \
    test "$(journalctl -q -o export _TRANSPORT=journal SYSLOG_IDENTIFIER=monitord | grep -ac '^MONITORD_ID=')" \
    = "$(wc -l <"$work/alerts.out")"

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
