#!/bin/bash
# systemd-host.sh SCRIPT [FILE=PATH...]
#
# Boots this machine's own systemd as PID 1 of new namespaces, on an overlay of this machine's root, feeds SCRIPT to bash in
# there, and powers it off. FILE=PATH puts FILE at PATH before it boots. Ends with SCRIPT's status, or with 77 and the reason
# on stderr when the machine cannot do this. Nothing that SCRIPT writes outlives it; of the machine only the processor, the
# memory and a cgroup of its own are used: the network is a loopback of its own, and the kernel's settings are read-only.
set -u

skip() { echo "systemd-host: skipped: $*" >&2; exit 77; }

# What becomes PID 1 inside: makes the overlay, hides what would reach the real kernel, hands over to systemd.
if [ "${1:-}" = _inside ]; then
    set -eu
    layers=$2/layers
    root=$layers/root
    mount --make-rprivate /
    mkdir -p "$layers"
    mount -t tmpfs -o size=1g,mode=755 tmpfs "$layers"
    mkdir "$layers/upper" "$layers/work" "$root"
    mount -t overlay overlay -o "lowerdir=/,upperdir=$layers/upper,workdir=$layers/work" "$root"
    # Nothing of the machine's own starts, and no unit that would change the real kernel.
    rm -rf "$root/etc/systemd/system" "$root/etc/systemd/journald.conf.d"
    # Logs of its own: what this machine has below /var/log, of monitord too, would be met.
    mount -t tmpfs tmpfs "$root/var/log" -o mode=755,nosuid,nodev
    mkdir -p "$root/etc/systemd/system" "$root/var/log/journal"
    # Nor a state, a configuration or a service that somebody has installed here.
    rm -rf "$root"/var/lib/monitord "$root"/var/lib/private/monitord "$root"/etc/monitord \
        "$root"/lib/systemd/system/monitord.* "$root"/usr/lib/systemd/catalog/monitord.catalog
    # Images for containers have one that lets no package start a service.
    rm -f "$root/usr/sbin/policy-rc.d"
    for unit in getty.target console-getty.service systemd-logind.service systemd-timesyncd.service \
        systemd-modules-load.service systemd-sysctl.service systemd-remount-fs.service systemd-journald-audit.socket \
        systemd-binfmt.service systemd-udevd.service apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer \
        e2scrub_all.timer fstrim.timer man-db.timer logrotate.timer tmp.mount dev-hugepages.mount dev-mqueue.mount; do
        ln -sf /dev/null "$root/etc/systemd/system/$unit"
    done
    : >"$root/etc/fstab"
    head -c16 /dev/urandom | od -An -tx1 | tr -d ' \n' >"$root/etc/machine-id"
    while IFS= read -r pair; do
        [ -n "$pair" ] || continue
        mkdir -p "$root/$(dirname "${pair#*=}")"
        cp "${pair%%=*}" "$root/${pair#*=}"
    done <"$2/files"
    mount -t proc proc "$root/proc" -o nosuid,noexec,nodev
    for name in sys sysrq-trigger irq bus; do
        [ -e "$root/proc/$name" ] || continue
        mount --bind "$root/proc/$name" "$root/proc/$name"
        mount -o remount,bind,ro "$root/proc/$name"
    done
    mount -t sysfs sysfs "$root/sys" -o ro,nosuid,noexec,nodev
    mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup" -o nosuid,noexec,nodev
    mount -t tmpfs tmpfs "$root/run" -o mode=755,nosuid,nodev
    mount -t tmpfs tmpfs "$root/tmp" -o mode=1777,nosuid,nodev
    mount -t tmpfs tmpfs "$root/dev" -o mode=755,nosuid
    for name in null zero full random urandom tty; do
        : >"$root/dev/$name"
        mount --bind "/dev/$name" "$root/dev/$name"
    done
    mkdir "$root/dev/pts" "$root/dev/shm"
    mount -t devpts devpts "$root/dev/pts" -o newinstance,ptmxmode=666,mode=620
    mount -t tmpfs tmpfs "$root/dev/shm" -o mode=1777
    ln -s pts/ptmx "$root/dev/ptmx"
    ln -s /proc/self/fd "$root/dev/fd"
    for pair in 0:stdin 1:stdout 2:stderr; do ln -s "fd/${pair%%:*}" "$root/dev/${pair#*:}"; done
    hostname monitord-test
    cd "$root"
    mkdir -p mnt
    pivot_root . mnt
    umount -l /mnt
    # `container=` makes it behave as in a container.
    exec env -i container=monitord-test PATH=/usr/sbin:/usr/bin:/sbin:/bin TERM=dumb \
        /lib/systemd/systemd --system --show-status=0 --unit=multi-user.target
fi

script=${1:?usage: systemd-host.sh SCRIPT [FILE=PATH...]}
shift
[ "$(id -u)" = 0 ] || skip "needs root"
[ -x /lib/systemd/systemd ] || skip "needs systemd"
grep -qw overlay /proc/filesystems || skip "needs overlayfs"
unified=$(awk '$3 == "cgroup2" {print $2; exit}' /proc/mounts)
[ -n "$unified" ] || skip "needs a cgroup2 mount"
named=$(awk '$3 == "cgroup" && $4 ~ /name=systemd/ {print $2; exit}' /proc/mounts)
unshare --mount --pid --fork --uts --ipc --net --cgroup true 2>/dev/null || skip "needs namespaces"

state=$(mktemp -d)
group=monitord-test-$$
printf '%s\n' "$@" >"$state/files"
outer=
leader=

down() {
    local tries hierarchy
    if [ -n "$leader" ]; then
        # systemd: power off.
        kill -RTMIN+4 "$leader" 2>/dev/null
        for tries in $(seq 100); do kill -0 "$leader" 2>/dev/null || break; sleep 0.05; done
        kill -9 "$leader" 2>/dev/null
    fi
    [ -n "$outer" ] && { kill -9 "$outer"; wait "$outer"; } 2>/dev/null
    for hierarchy in "$unified" "$named"; do
        [ -n "$hierarchy" ] && [ -d "$hierarchy/$group" ] || continue
        for tries in 1 2 3 4 5; do
            find "$hierarchy/$group" -depth -type d -exec rmdir {} \; 2>/dev/null
            [ -d "$hierarchy/$group" ] || break
            sleep 0.2
        done
    done
    rm -rf "$state"
}
trap down EXIT
trap 'exit 130' INT TERM

for hierarchy in "$unified" "$named"; do
    [ -n "$hierarchy" ] && { mkdir -p "$hierarchy/$group" || skip "cannot make a cgroup"; }
done
(
    for hierarchy in "$unified" "$named"; do
        [ -n "$hierarchy" ] && echo "$BASHPID" >"$hierarchy/$group/cgroup.procs"
    done
    exec unshare --mount --pid --fork --kill-child --uts --ipc --net --cgroup bash "$0" _inside "$state"
) >"$state/log" 2>&1 </dev/null &
outer=$!
for tries in $(seq 400); do
    leader=$(pgrep -P "$outer" | head -1)
    [ -n "$leader" ] && nsenter -t "$leader" -m -p test -S /run/systemd/private 2>/dev/null && break
    kill -0 "$outer" 2>/dev/null || { cat "$state/log" >&2; skip "systemd does not boot"; }
    sleep 0.05
done
inside() {
    nsenter -t "$leader" --all env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 SYSTEMD_PAGER= \
        SYSTEMD_COLORS=0 "$@"
}
running=$(timeout 90 nsenter -t "$leader" --all systemctl is-system-running --wait)
case $running in
    running | degraded) ;;
    *) skip "systemd is $running" ;;
esac
inside bash -s <"$script"
