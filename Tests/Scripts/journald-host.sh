#!/bin/bash
# journald-host.sh COMMAND [ARGUMENT...]
#
# Runs a command where a real systemd-journald of its own listens on /run/systemd/journal/*, in a private mount namespace:
# nothing of it is left on the machine, and the machine's own journal is neither read nor written. Ends with the command's
# status, or with 77 and the reason on stderr when the machine cannot do this.
#
# The command finds journald's pid in JOURNALD_PID, and JOURNALD_HOST=1. `journalctl --sync` before reading.
set -eu

skip() { echo "journald-host: skipped: $*" >&2; exit 77; }

journald=
for candidate in /usr/lib/systemd/systemd-journald /lib/systemd/systemd-journald; do
    [ -x "$candidate" ] && journald=$candidate && break
done
if [ "${JOURNALD_HOST_INSIDE:-}" != 1 ]; then
    [ "$(id -u)" = 0 ] || skip "needs root"
    [ -n "$journald" ] || skip "needs systemd-journald"
    command -v journalctl >/dev/null || skip "needs journalctl"
    unshare --mount --propagation private true 2>/dev/null || skip "needs mount namespaces"
    exec env JOURNALD_HOST_INSIDE=1 unshare --mount --propagation private bash "$0" "$@"
fi

mount -t tmpfs tmpfs /run -o mode=755
mkdir -p /run/systemd/journal /run/log /run/systemd/journald.conf.d
if [ ! -s /etc/machine-id ]; then
    head -c16 /dev/urandom | od -An -tx1 | tr -d ' \n' >/run/machine-id
    touch /etc/machine-id
    mount --bind /run/machine-id /etc/machine-id
fi
# Without ReadKMsg=no and Audit=no it would copy the kernel's log.
printf '%s\n' '[Journal]' Storage=volatile ReadKMsg=no Audit=no >/run/systemd/journald.conf.d/host.conf
SYSTEMD_LOG_TARGET=console "$journald" 2>/run/journald.err &
JOURNALD_PID=$!
tries=0
until [ -S /run/systemd/journal/socket ]; do
    tries=$((tries + 1))
    if [ "$tries" -gt 200 ] || ! kill -0 "$JOURNALD_PID" 2>/dev/null; then
        cat /run/journald.err >&2
        skip "journald does not start"
    fi
    sleep 0.05
done
status=0
env -u JOURNALD_HOST_INSIDE JOURNALD_HOST=1 JOURNALD_PID="$JOURNALD_PID" "$@" || status=$?
# A frozen one would not hear the first.
kill -CONT "$JOURNALD_PID" 2>/dev/null || true
kill "$JOURNALD_PID" 2>/dev/null || true
wait "$JOURNALD_PID" 2>/dev/null || true
exit "$status"
