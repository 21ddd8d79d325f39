#!/bin/bash
# service-systemd.sh MONITORD
#
# Packs the binary, installs the package in a systemd that is really booted (systemd-host.sh), and checks what a service
# manager does with the daemon, its sockets and its package. Prints `ok NAME` or `FAIL NAME` for each check and `N passed, N failed`
# at the end; ends with 0 when all passed, 1 when not, 77 when the machine cannot do it (with CI=true that is a failure).
set -u

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
monitord=${1:?usage: service-systemd.sh MONITORD}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# A signal with a little noise that awk repeats exactly: rows FROM to TO, with a fault in the last 30 of every 3,600.
cat >"$work/signal.awk" <<'AWK'
BEGIN {
    seed = 1
    if (from == 0) print "time,temp,flow"
    for (i = 0; i < to; i++) {
        seed = (seed * 16807) % 2147483647; noise = seed / 2147483647 - 0.5
        seed = (seed * 16807) % 2147483647; other = seed / 2147483647 - 0.5
        if (i < from) continue
        fault = (i >= 3600 && i % 3600 < 30) ? 40 : 0
        printf "%d,%.3f,%.3f\n", 1767225600 + i, 60 + 2 * sin(i / 20) + noise + fault, 4 + 0.2 * other
    }
}
AWK

cat >"$work/inside" <<'INSIDE'
failed=
ok() { if eval "$2"; then echo "ok $1"; else echo "FAIL $1"; failed=1; fi; }
within() { local try; for try in $(seq $((10 * $1))); do eval "$2" && return 0; sleep 0.1; done; return 1; }
show() { systemctl show -P "$1" monitord.service; }
said() { journalctl --sync; journalctl -q -u monitord -o cat | grep -qF -- "$1"; }
alerts() { journalctl --sync; journalctl -q -t monitord -o json MESSAGE_ID=4863432093cf43d6a6e8e09044eb9b18 | wc -l; }
drop_in() { mkdir -p /etc/systemd/system/monitord.service.d; cat >"/etc/systemd/system/monitord.service.d/$1.conf"; systemctl daemon-reload; }
signal() { systemctl kill -s "$1" --kill-who=main monitord; }
rows() { awk -v from="$1" -v to="$2" -f /opt/signal.awk; }
units=/lib/systemd/system
toml=/etc/monitord/monitord.toml
export DEBIAN_FRONTEND=noninteractive

ok "the package installs" 'dpkg -i /opt/monitord.deb >/opt/dpkg 2>&1 || { cat /opt/dpkg; false; }'
ok "it says what to do next" 'grep -q "say in $toml what to watch, then: monitord check && systemctl enable --now monitord" /opt/dpkg'
ok "without a source it is neither enabled nor started" \
    '! systemctl is-enabled -q monitord && [ "$(show ActiveState)" = inactive ] && ! systemctl is-enabled -q monitord.socket'
ok "the group is there" 'getent group monitord >/dev/null'
ok "the manual pages are there" 'gzip -dc /usr/share/man/man1/monitord.1.gz | grep -q "^.SS monitord run" &&
    gzip -dc /usr/share/man/man5/monitord.toml.5.gz | grep -q "^.B false_alarms"'
ok "the completions are there" '[ -s /usr/share/bash-completion/completions/monitord ] &&
    [ -s /usr/share/zsh/vendor-completions/_monitord ] && [ -s /usr/share/fish/vendor_completions.d/monitord.fish ]'
mkdir -p /var/log/plant
rows 0 4000 >/var/log/plant/pump.csv
chgrp adm /var/log/plant/pump.csv
chmod 640 /var/log/plant/pump.csv

ok "verify says nothing" '[ -z "$(systemd-analyze verify --man=no $units/monitord.service $units/monitord.socket 2>&1)" ]'
ok "exposure is at most 1.0" 'systemd-analyze security --threshold=10 --no-pager monitord.service >/opt/exposure'
echo "# $(grep Overall /opt/exposure)"

printf '[[source]]\nfile = "/var/log/plant/pump.csv"\nchanels = ["temp"]\n' >$toml
systemctl start monitord 2>/dev/null
ok "a bad configuration ends with 78" '[ "$(show ExecMainStatus)" = 78 ]'
ok "it is not started again" 'sleep 1; [ "$(show NRestarts)" = 0 ] && [ "$(show ActiveState)" = failed ]'
ok "the journal names file, line, column and the nearest key" \
    'said "$toml:3:1: unknown key \"source.chanels\"; did you mean \"source.channels\"?"'
systemctl reset-failed monitord 2>/dev/null

printf '[[source]]\nfile = "/var/log/plant/pump.csv"\n' >$toml
systemctl start monitord
ok "active once it said READY" 'systemctl is-active -q monitord'
echo "# READY $((($(show ActiveEnterTimestampMonotonic) - $(show ExecMainStartTimestampMonotonic)) / 1000)) ms after its start"
ok "it says how it stands" '[ -n "$(show StatusText)" ]'
pid=$(show MainPID)
ok "a user of its own that is in no file" '[ "$(stat -c %U /proc/$pid)" = monitord-daemon ] && ! grep -q ^monitord-daemon: /etc/passwd'
ok "in the group monitord" '[ "$(stat -c %G /proc/$pid)" = monitord ]'
ok "no capabilities, no new privileges, system calls filtered" \
    '[ "$(grep -cE "^(CapBnd|CapEff):\s0000000000000000|^NoNewPrivs:\s1|^Seccomp:\s2" /proc/$pid/status)" = 4 ]'
ok "state and logs are its own, the runtime folder is for the group" \
    '[ -d /var/lib/private/monitord ] && [ -d /var/log/private/monitord ] && [ "$(stat -c %G:%a /run/monitord)" = monitord:750 ]'
ok "a file of another group is not read" 'within 5 "said \"permission denied, file.path=/var/log/plant\""'
ok "check names the file, the group and the drop-in" \
    'monitord check 2>&1 | grep "the service may not read /var/log/plant/pump.csv" | grep -qF "SupplementaryGroups=adm: systemctl edit monitord"'
drop_in read-logs </usr/share/doc/monitord/examples/read-logs.conf
systemctl restart monitord
ok "the example drop-in lets it read the file" 'within 10 "said \"reading input\""'

ok "alerts are in the journal" 'within 30 "[ \$(alerts) -ge 2 ]"'
first=$(journalctl -q -t monitord -o json MESSAGE_ID=4863432093cf43d6a6e8e09044eb9b18 MONITORD_SEQ=0 | tail -1)
for field in MONITORD_ID MONITORD_SERIES MONITORD_SINCE MONITORD_SEVERITY MONITORD_SCORE MONITORD_THRESHOLD MONITORD_CHANNELS \
    MONITORD_MESSAGE MONITORD_HOST; do
    ok "an alert has $field" 'grep -q "\"$field\":\"" <<<"$first"'
done
ok "an alert is the unit's" 'grep -q "\"_SYSTEMD_UNIT\":\"monitord.service\"" <<<"$first"'
ok "journalctl -x explains it" \
    'journalctl -q -x MESSAGE_ID=4863432093cf43d6a6e8e09044eb9b18 -n1 | grep -q "Subject: input is not as usual"'
ok "verbs find the state of the service without being told" \
    'monitord alerts 2>/dev/null | grep -q "input" && monitord state list | grep -q "^state in /var/lib/monitord"'
ok "every named field is filled in" '! journalctl -q -x MESSAGE_ID=4863432093cf43d6a6e8e09044eb9b18 | grep -q "@MONITORD\|MONITORD_SINCE"'
ok "the status line has rate, series and the last alert" \
    'within 10 "[[ \"\$(show StatusText)\" == *lines/s,\ 1\ series*last\ alert*input* ]]"'

pid=$(show MainPID)
printf '[[source]]\nfile = "/var/log/plant/pump.csv"\n[series."in*"]\nfalse_alarms = "1/day"\n' >$toml
systemctl reload monitord
ok "reload says what it changed" 'said "reload: false_alarms of in*: not set -> 1/day"'
ok "the status line says so" '[[ "$(show StatusText)" == *"reloaded: 1 changes"* ]]'
printf '[[source]\n' >$toml
systemctl reload monitord
ok "a configuration that does not parse is refused as a whole" 'said "reload refused: $toml:1:" && [[ "$(show StatusText)" == *"reload refused"* ]]'
printf '[[source]]\nfile = "/var/log/plant/pump.csv"\ninterval = "2s"\n[series."in*"]\nfalse_alarms = "1/day"\n' >$toml
systemctl reload monitord
ok "what cannot be applied is refused by name" \
    'said "reload: interval of source /var/log/plant/pump.csv: not set -> 2s is not applied" && said "remove its state directory"'
printf '[[source]]\nfile = "/var/log/plant/pump.csv"\n[[source]]\nfile = "/var/log/fan.csv"\n[series."in*"]\nfalse_alarms = "1/day"\n' >$toml
rows 0 300 >/var/log/fan.csv
systemctl reload monitord
ok "a new source is read" 'said "reload: source /var/log/fan.csv: new" && within 10 "said stream.name=fan"'
printf '[[source]]\nudp = "127.0.0.1:5140"\n' >>$toml
systemctl reload monitord
ok "an address is listened on" 'within 10 "said udp.address=127.0.0.1:5140"'
# As fast as bash sends them they fit into the smallest buffer.
rows 0 300 | while IFS= read -r row; do printf '%s\n' "$row" >/dev/udp/127.0.0.1/5140; done
ok "datagrams come through the sandbox" 'within 10 "said \"stream.name=udp 127.0.0.1:5140\""'
ok "the process is the same over all reloads" 'systemctl is-active -q monitord && [ "$(show MainPID)" = "$pid" ] && [ "$(show NRestarts)" = 0 ]'

printf '[[source]]\nfile = "/var/log/plant/pump.csv"\n' >$toml
drop_in watchdog <<<$'[Service]\nWatchdogSec=2s'
systemctl restart monitord
restarts=$(show NRestarts)
sleep 6
ok "an idle daemon feeds the watchdog" '[ "$(show NRestarts)" = "$restarts" ] && systemctl is-active -q monitord'
signal STOP
ok "one that is stopped is killed and started again" 'within 15 "[ \$(show NRestarts) -gt $restarts ] && systemctl is-active -q monitord"'
ok "the journal says that it was the watchdog" 'journalctl --sync; journalctl -q -u monitord -o cat | grep -q "Watchdog timeout"'
if command -v python3 >/dev/null; then
    restarts=$(show NRestarts)
    # Only the thread that reads the file: it is the one that waits for the folder's watch.
    python3 - "$(show MainPID)" <<'PYTHON' &
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
process = sys.argv[1]
for thread in sorted(map(int, os.listdir(f"/proc/{process}/task"))):
    path = f"/proc/{process}/task/{thread}"
    call = open(path + "/syscall").read().split()
    # poll with a limit of 250 ms.
    if call[0] == "7" and call[3] == "0xfa":
        for request in (0x4206, 0x4207):  # PTRACE_SEIZE, PTRACE_INTERRUPT
            libc.ptrace(request, thread, 0, 0)
        # Its end is seen by whoever traces it first; without this the process could not be cleared away.
        while os.waitpid(thread, 0x40000000)[1] & 0x7F == 0x7F:
            pass
        break
PYTHON
    freezer=$!
    ok "one whose reader hangs is killed and started again" \
        'within 20 "[ \$(show NRestarts) -gt $restarts ] && systemctl is-active -q monitord"'
    ok "the journal names the stage" 'said "the reader of /var/log/plant/pump.csv"'
    kill $freezer 2>/dev/null
fi
rm /etc/systemd/system/monitord.service.d/watchdog.conf
systemctl daemon-reload
systemctl restart monitord

log=/var/log/monitord/alerts.jsonl
within 10 "said 'going on from the stored state'"
before=$(wc -l <$log)
restarts=$(show NRestarts)
systemctl kill -s STOP systemd-journald
rows 4000 8000 >>/var/log/plant/pump.csv
ok "a frozen journald does not keep alerts from the log" 'within 20 "[ \$(wc -l <$log) -gt $before ]"'
systemctl kill -s CONT systemd-journald
ok "and they are in the journal afterwards" \
    'id=$(tail -1 $log | sed "s/.*\"id\":\"\([0-9a-f]*\)\".*/\1/"); within 20 "journalctl --sync; journalctl -q MONITORD_ID=$id | grep -q ."'
ok "without a restart" '[ "$(show NRestarts)" = "$restarts" ]'

signal KILL
ok "started again after kill -9" 'within 10 "[ \$(show NRestarts) -gt $restarts ] && systemctl is-active -q monitord"'
lines=$(wc -l <$log)
begin=$(date +%s)
systemctl stop monitord
ok "stops in time and in order" '[ $(($(date +%s) - begin)) -le 10 ] && [ "$(show Result)" = success ]'
ok "the state is committed" '[ -s /var/lib/monitord/monitord.db ] && [ ! -s /var/lib/monitord/monitord.db-wal ]'
systemctl start monitord
rows 8000 11000 >>/var/log/plant/pump.csv
ok "it goes on where it stood" 'within 20 "[ \$(wc -l <$log) -gt $lines ]"'
ok "no alert is there twice" \
    '[ -z "$(sed "s/.*\"id\":\"\([0-9a-f]*\)\",\"seq\":\([0-9]*\).*/\1 \2/" $log | sort | uniq -d)" ]'
systemctl stop monitord

# Alerts onward: names are looked up, libraries loaded and connections made from within the sandbox.
cat >/opt/receiver.py <<'PYTHON'
import http.server
class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        with open("/opt/posted", "a") as file:
            file.write(self.headers.get("X-Monitord-Signature", "unsigned") + " " + body + "\n")
        self.send_response(200)
        self.end_headers()
    def log_message(self, *_):
        pass
http.server.HTTPServer(("127.0.0.1", 8099), Receiver).serve_forever()
PYTHON
if command -v python3 >/dev/null; then
    # With the output of its own: whoever reads this script's would wait for its end.
    python3 /opt/receiver.py >/dev/null 2>&1 &
    receiver=$!
    echo key >/etc/monitord/webhook.secret
    chmod 600 /etc/monitord/webhook.secret
    printf '[[sink]]\nwebhook = "http://localhost:8099/"\nsecret_file = "/etc/monitord/webhook.secret"\n' >>$toml
    ok "check names a secret that the service may not read" \
        'monitord check 2>&1 | grep -qF "secret_file /etc/monitord/webhook.secret: the service may not read it: chgrp monitord"'
    chgrp monitord /etc/monitord/webhook.secret
    chmod 640 /etc/monitord/webhook.secret
    ok "and has nothing to say once it may" '! monitord check 2>&1 | grep -q webhook.secret:'
    systemctl start monitord
    rows 11000 15000 >>/var/log/plant/pump.csv
    ok "a signed alert gets out of the sandbox" 'within 20 "grep -q \"^sha256=[0-9a-f]* {.*open\" /opt/posted"'
    systemctl stop monitord
    # Signals may be blocked where the tests run this.
    kill -KILL $receiver
fi

# Sockets. A datagram is a line with its own names, so that a life that begins in the middle of them can read it; one goes
# out each millisecond.
systemctl reset-failed monitord 2>/dev/null
udp='[[source]]\nudp = "0.0.0.0:5140"\n'
mkfifo /opt/never
exec 9<>/opt/never
send() {
    local number
    for ((number = $1; number < $2; number++)); do
        printf 'time=%d temp=%d.%d\n' $((1800000000 + number)) $((number % 7)) $((number % 3)) >&8
        read -r -t 0.001 -u 9
    done
} 8>/dev/udp/127.0.0.1/5140
# InDatagrams are those that a process has received, NoPorts those that met no socket.
kernel() { awk -v name="$1" '$1 == "Udp:" { if (head) { for (i in names) if (names[i] == name) print $i; exit } head = split($0, names) }' /proc/net/snmp; }
begin() { journalctl --sync; cursor=$(journalctl -q -n0 --show-cursor | sed -n 's/^-- cursor: //p'); received=$(kernel InDatagrams); unheard=$(kernel NoPorts); overflown=$(kernel RcvbufErrors); }
since() { journalctl --sync; journalctl -q -u monitord -o cat --after-cursor="$cursor"; }
# What the lives of the daemon told at their ends, together: FACT.
told() { since | sed -n "s/.*[ ,]$1=\([0-9]*\).*/\1/p" | awk '{ sum += $1 } END { print sum + 0 }'; }
nothing_lost() { [ $(($(kernel NoPorts) - unheard)) = 0 ] && [ $(($(kernel RcvbufErrors) - overflown)) = 0 ]; }
restart_twice() { sleep 0.2; systemctl restart monitord; sleep 0.3; systemctl restart monitord; }
printf "$udp" >$toml

for way in store socket; do
    if [ $way = socket ]; then
        systemctl start monitord.socket
        ok "$way: the socket unit holds the address before anybody runs" '[ "$(show ActiveState)" = inactive ] && systemctl is-active -q monitord.socket'
    fi
    begin
    systemctl start monitord
    if [ $way = store ]; then
        ok "$way: the manager keeps the socket that monitord bound" 'within 5 "[ \$(show NFileDescriptorStore) = 1 ]"'
    else
        ok "$way: monitord takes over the socket with its large buffer" 'said "listening on a socket that was passed in" && since | grep -q "udp.buffer=8388608"'
        ok "$way: and has none kept" '[ "$(show NFileDescriptorStore)" = 0 ]'
    fi
    restart_twice &
    send 0 1000
    wait $!
    ok "$way: two restarts under traffic lose nothing" \
        'within 10 "[ \$((\$(kernel InDatagrams) - received)) = 1000 ]"; systemctl stop monitord; [ "$(told udp.datagrams)" = 1000 ] && nothing_lost'
    echo "# $way: restarts: sent 1000, counted $(told udp.datagrams) by monitord"
    begin
    systemctl start monitord
    restarts=$(show NRestarts)
    (sleep 0.4; signal KILL) &
    send 1000 2000
    wait $!
    ok "$way: kill -9 under traffic loses nothing" \
        'within 10 "[ \$((\$(kernel InDatagrams) - received)) = 1000 ]" && [ "$(show NRestarts)" = 1 ] && nothing_lost'
    systemctl stop monitord
    ok "$way: the second life has counted its share" '[ "$(told udp.datagrams)" -gt 0 ] && [ "$(told udp.datagrams)" -lt 1000 ]'
    echo "# $way: kill -9: sent 1000, received $(($(kernel InDatagrams) - received)), of them $(told udp.datagrams) by the second life"
done
systemctl stop monitord.socket
systemctl start monitord
begin
printf '[[source]]\nudp = "0.0.0.0:5141"\n' >$toml
systemctl restart monitord
ok "a socket whose source is gone is closed, told and forgotten" \
    'since | grep -q "belongs to no source: it is closed, socket.address=0.0.0.0:5140" && within 5 "[ \$(show NFileDescriptorStore) = 1 ]"'
printf "$udp" >$toml
systemctl stop monitord
systemctl start monitord.socket
ok "stopping empties the manager's store" '[ "$(show NFileDescriptorStore)" = 0 ]'
begin
send 2000 2050
ok "a datagram starts a service that is stopped" 'within 10 "systemctl is-active -q monitord" && within 10 "[ \$((\$(kernel InDatagrams) - received)) = 50 ]"'
systemctl stop monitord
ok "and it counts those before it" '[ "$(told udp.datagrams)" = 50 ]'

# A bad configuration while datagrams come.
for way in socket store; do
    [ $way = socket ] || systemctl stop monitord.socket
    begin
    printf "$udp" >$toml
    [ $way = socket ] || systemctl start monitord
    printf "${udp}chanels = 1\n" >$toml
    [ $way = socket ] || systemctl restart monitord
    send 3000 3200
    ok "$way: a bad configuration leaves the service running" 'systemctl is-active -q monitord && [ "$(show NRestarts)" = 0 ]'
    [ $way = store ] || ok "$way: and the socket unit" 'systemctl is-active -q monitord.socket'
    ok "$way: the status line says what is wrong" '[[ "$(show StatusText)" == *refused* ]]'
    ok "$way: the journal says where, once" '[ "$(since | grep -cF "configuration refused: $toml:3:1: unknown key \"source.chanels\"")" = 1 ]'
    pid=$(show MainPID)
    printf "$udp" >$toml
    systemctl reload monitord
    ok "$way: a reload mends it" 'within 5 "[[ \"\$(show StatusText)\" == *watching\ 1\ sources* ]]" && [ "$(show MainPID)" = "$pid" ]'
    send 3200 3300
    systemctl stop monitord
    ok "$way: what was thrown away is counted" '[ "$(told udp.thrown_away)" = 200 ] && [ "$(told udp.datagrams)" = 100 ] && nothing_lost'
done
# The same with a state that somebody else has: here, this shell.
exec 7>>/var/lib/private/monitord/lock
flock 7
begin
printf "$udp" >$toml
systemctl start monitord.socket
send 3400 3600
ok "a state in use leaves service and socket unit running" \
    'within 5 "[[ \"\$(show StatusText)\" == *cannot\ start*thrown\ away* ]]" && systemctl is-active -q monitord monitord.socket && [ "$(show NRestarts)" = 0 ]'
ok "the journal says why, once" '[ "$(since | grep -cF "it cannot start: state directory /var/lib/monitord is in use")" = 1 ]'
pid=$(show MainPID)
exec 7>&-
systemctl reload monitord
ok "a reload finds it free" 'within 5 "[[ \"\$(show StatusText)\" == *watching\ 1\ sources* ]]" && [ "$(show MainPID)" = "$pid" ]'
send 3600 3700
systemctl stop monitord monitord.socket
ok "what was thrown away meanwhile is counted" '[ "$(told udp.thrown_away)" = 200 ] && [ "$(told udp.datagrams)" = 100 ]'

ok "without sockets a bad configuration still ends it" \
    'printf "${udp}chanels = 1\n" >$toml; ! systemctl start monitord 2>/dev/null; [ "$(show ExecMainStatus)" = 78 ]'
systemctl reset-failed monitord 2>/dev/null

# Upgrade, with a configuration that both sides have changed, while datagrams come.
dpkg-deb -R /opt/monitord.deb /opt/next
sed -i 's/^Version: .*/Version: 99-1/' /opt/next/DEBIAN/control
echo '# of the new version' >>/opt/next/etc/monitord/monitord.toml
dpkg-deb --root-owner-group -Zgzip -z1 -b /opt/next /opt/next.deb >/dev/null
printf "$udp" >$toml
systemctl start monitord.socket monitord
pid=$(show MainPID)
begin
send 4000 6000 &
ok "an upgrade keeps a configuration that was changed" \
    'dpkg --force-confdef --force-confold -i /opt/next.deb >/opt/dpkg 2>&1 && [ "$(cat $toml)" = "$(printf "$udp")" ]; kept=$?; [ $kept = 0 ] || cat /opt/dpkg; [ $kept = 0 ]'
wait
ok "and restarts the service" 'systemctl is-active -q monitord && [ "$(show MainPID)" != "$pid" ] && systemctl is-active -q monitord.socket'
ok "and loses nothing" 'within 10 "[ \$((\$(kernel InDatagrams) - received)) = 2000 ]" && nothing_lost'
echo "# upgrade: sent 2000, received $(($(kernel InDatagrams) - received))"
pid=$(show MainPID)
printf "${udp}chanels = 1\n" >$toml
ok "a configuration that the new version refuses leaves the old one running" \
    'dpkg --force-confold -i /opt/next.deb >/opt/dpkg 2>&1; [ "$(show MainPID)" = "$pid" ] && grep -q "the configuration is refused: the version that runs goes on" /opt/dpkg && grep -q "unknown key" /opt/dpkg'

ok "removing stops it and keeps state and configuration" \
    'dpkg -r monitord >/dev/null 2>&1 && ! systemctl is-active -q monitord monitord.socket && [ -s /var/lib/private/monitord/monitord.db ] && [ -e $toml ]'
printf "$udp" >$toml
dpkg -i /opt/next.deb >/opt/dpkg 2>&1
ok "installed again it goes on as it was: not enabled, not started" '! systemctl is-enabled -q monitord && ! systemctl is-active -q monitord'
systemctl enable -q --now monitord
dpkg -r monitord >/dev/null 2>&1
dpkg -i /opt/next.deb >/opt/dpkg 2>&1
ok "installed again it goes on as it was: enabled, started" 'systemctl is-enabled -q monitord && systemctl is-active -q monitord'
dpkg -r monitord >/dev/null 2>&1
rm -r /etc/systemd/system/monitord.service.d
dpkg --purge monitord >/opt/dpkg 2>&1
left=$(find /etc /lib /usr /var /run -xdev -name '*monitord*' -not -path '/var/log/journal/*' -not -path '/usr/src/*'; getent group monitord)
ok "purging leaves nothing" '[ -z "$left" ] || { echo "$left"; false; }'
mkdir -p /etc/monitord/conf.d
printf '[[source]]\nfile = "/var/log/fan.csv"\n' >/etc/monitord/conf.d/site.toml
dpkg -i /opt/monitord.deb >/opt/dpkg 2>&1
ok "installed where a source is named already, it is enabled and started" 'systemctl is-enabled -q monitord && systemctl is-active -q monitord'
rm /etc/monitord/conf.d/site.toml
bash /opt/journald-frozen.sh 10
systemctl stop monitord
[ -z "$failed" ] || journalctl -q -u monitord -o cat
INSIDE

DEB_COMPRESSION=gzip bash "$root/scripts/make-deb.sh" "$monitord" "$work/deb" || exit 1
if command -v lintian >/dev/null; then
    lintian --fail-on error,warning "$work"/deb/*.deb >"$work/lintian" 2>/dev/null && echo "ok lintian has nothing to say" \
        || { echo "FAIL lintian has nothing to say"; cat "$work/lintian"; }
elif [ "${CI:-}" = true ]; then
    echo "FAIL lintian is missing"
fi >"$work/out"

status=0
bash "$here/systemd-host.sh" "$work/inside" "$(echo "$work"/deb/*.deb)=/opt/monitord.deb" \
    "$here/journald-frozen.sh=/opt/journald-frozen.sh" "$work/signal.awk=/opt/signal.awk" >>"$work/out" 2>&1 || status=$?
cat "$work/out"
if [ "$status" = 77 ]; then
    [ "${CI:-}" = true ] && exit 1
    exit 77
fi
passed=$(grep -c '^ok ' "$work/out")
failed=$(grep -c '^FAIL ' "$work/out")
echo "$passed passed, $failed failed"
# A script that ended early has not failed a check.
[ "$failed" = 0 ] && [ "$passed" -ge 90 ]
