# journald-frozen.sh SECONDS
#
# Runs inside a booted systemd (systemd-host.sh) in which monitord is installed: 50 devices at 100 Hz, which is 5,000
# samples a second, with a fault on one of them several times a second; first with a journald that reads, then with one that
# is stopped for SECONDS, then with one that reads again. Prints `ok NAME` or `FAIL NAME` for each check, and a table of how
# long after its sample an alert was in the rolling log.
frozen=${1:?usage: journald-frozen.sh SECONDS}
before=14
after=6
data=/var/log/devices.csv
log=/var/log/monitord/alerts.jsonl

check() { if eval "$2"; then echo "ok $1"; else echo "FAIL $1"; fi; }
show() { systemctl show -P "$1" monitord.service; }
within() { local try; for try in $(seq $((10 * $1))); do eval "$2" && return 0; sleep 0.1; done; return 1; }

systemctl stop monitord.socket monitord 2>/dev/null
systemctl reset-failed monitord 2>/dev/null
rm -rf /var/lib/private/monitord/* /var/log/private/monitord/*
cat >/etc/monitord/monitord.toml <<TOML
false_alarms = "86400/day"
[[source]]
file = "$data"
series = "device"
[series."*"]
false_alarms = "86400/day"
TOML
echo "time,device,temp" >$data
systemctl start monitord
restarts=$(show NRestarts)
begin=${EPOCHREALTIME/.*/}

# A tenth of a second at a time: ten rows for each device, the last of them now. From the tenth second on one device after
# another has a value far off, for a single row.
for ((batch = 0; batch < 10 * (before + frozen + after); batch++)); do
    awk -v batch="$batch" -v now="$EPOCHREALTIME" 'BEGIN {
        srand(batch)
        ill = batch >= 100 && batch % 2 == 0 ? batch / 2 % 50 : -1
        for (row = 9; row >= 0; row--)
            for (device = 0; device < 50; device++)
                printf "%.3f,device%d,%.3f\n", now - row / 100, device,
                    20 + device + rand() + rand() + rand() + (device == ill && row < 3 ? 60 : 0)
    }' >>$data
    [ $batch = $((10 * before)) ] && systemctl kill -s STOP systemd-journald
    [ $batch = $((10 * (before + frozen))) ] && { watched=$(show StatusText); systemctl kill -s CONT systemd-journald; }
    rest=$(awk -v begin="$begin" -v batch="$batch" -v now="$EPOCHREALTIME" 'BEGIN { rest = begin + (batch + 1) / 10 - now; print (rest > 0 ? rest : 0) }')
    [ "$rest" = 0 ] || read -r -t "$rest" -u 9
done 9<>"$(mkfifo /opt/never.$$ && echo /opt/never.$$)"

check "frozen journald: the watchdog was fed all along" '[ "$(show NRestarts)" = "$restarts" ] && systemctl is-active -q monitord'
# seconds since the beginning of the run, milliseconds from the sample to the log.
sed -n 's/.*"event":"open","time":"[^T]*T\([^Z]*\)Z".*"emitted":"[^T]*T\([^Z]*\)Z".*/\1 \2/p' $log |
    awk -v begin="$(date -u -d "@$begin" +%T)" '
        function seconds(text, parts) { split(text, parts, ":"); return parts[1] * 3600 + parts[2] * 60 + parts[3] }
        { printf "%.3f %.1f\n", seconds($1) - seconds(begin), (seconds($2) - seconds($1)) * 1000 }' >/opt/delays
echo "# seconds       alerts  p50 ms  p99 ms  most ms"
row() {
    awk -v from="$1" -v to="$2" '$1 >= from && $1 < to { print $2 }' /opt/delays | sort -n |
        awk -v name="$1 to $2${3:+ $3}" '{ all[NR] = $1 } END {
            printf "# %-22s %5d %7.1f %7.1f %7.1f\n", name, NR, all[int((NR + 1) / 2)], all[int(NR * 0.99 + 0.999)], all[NR] }'
}
row 10 $before
row $before $((before + frozen)) frozen
row $((before + frozen)) $((before + frozen + after))
during=$(awk -v from=$before -v to=$((before + frozen)) '$1 >= from && $1 < to' /opt/delays | wc -l)
check "frozen journald: scoring and the rolling log go on" '[ "$during" -ge $((frozen / 2)) ]'
check "frozen journald: the status line goes on" '[[ "$watched" == *lines/s,\ 50\ series* ]]'
echo "# status line just before the end of it: $watched"
systemctl stop monitord
journalctl --sync
sed 's/.*"id":"\([0-9a-f]*\)","seq":\([0-9]*\).*/\1 \2/' $log | sort >/opt/written
journalctl -q -t monitord -o json --since "@$begin" | sed -n 's/.*"MONITORD_ID":"\([0-9a-f]*\)".*/&/p' |
    sed 's/.*"MONITORD_ID":"\([0-9a-f]*\)".*/\1/' | sort >/opt/delivered
cut -d' ' -f1 /opt/written | sort >/opt/expected
check "frozen journald: every message of the log is in the journal afterwards" \
    '[ -s /opt/expected ] && cmp -s /opt/expected /opt/delivered || { wc -l /opt/expected /opt/delivered; false; }'
samples=$(journalctl -q -u monitord -o cat --since "@$begin" | sed -n 's/.*stopped watching.*stream.lines=\([0-9]*\).*/\1/p' | tail -1)
check "frozen journald: every row was read" '[ "$samples" = $((500 * 10 * (before + frozen + after))) ] || { echo "$samples"; false; }'
