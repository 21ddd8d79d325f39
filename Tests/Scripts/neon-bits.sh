#!/bin/bash
# neon-bits.sh
#
# Builds the numeric kernels for this machine and, with NEON, for aarch64, runs them all (those of aarch64 under qemu) and compares
# the bits: within an arithmetic class every build must give the same. Prints a line for each build; ends with 0 when all agree,
# 1 when not, 77 when a compiler or qemu is missing (with CI=true that is a failure, too).
set -eu

here=$(cd "$(dirname "$0")" && pwd)
kernels=$here/../../Sources/CKernels

give_up() {
    echo "neon-bits: $1; scripts/install-dependencies.sh --tests installs it" >&2
    if [ "${CI:-}" = true ]; then exit 1; fi
    exit 77
}

# The kernels are written in clang's vector extensions: the compiler is the Swift toolchain's.
swift=$(command -v swift) || give_up "there is no swift"
clang=$(dirname "$(readlink -f "$swift")")/clang
[ -x "$clang" ] || clang=$(command -v clang) || give_up "there is no clang"
command -v aarch64-linux-gnu-gcc >/dev/null || give_up "there is no aarch64-linux-gnu-gcc to link for aarch64"
[ -e /usr/aarch64-linux-gnu/include/stdio.h ] || give_up "there is no C library for aarch64"
qemu=$(command -v qemu-aarch64-static || command -v qemu-aarch64) || give_up "there is no qemu-aarch64"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/native" "$work/aarch64"
for source in "$kernels"/*.c "$here/kernel-bits.c"; do
    object=$(basename "$source" .c).o
    "$clang" -O2 -ffp-contract=off -I "$kernels/include" -c "$source" -o "$work/native/$object"
    "$clang" --target=aarch64-linux-gnu -isystem /usr/aarch64-linux-gnu/include -O2 -ffp-contract=off -I "$kernels/include" \
        -c "$source" -o "$work/aarch64/$object"
done
"$clang" "$work"/native/*.o -o "$work/native/kernel-bits"
aarch64-linux-gnu-gcc -static "$work"/aarch64/*.o -o "$work/aarch64/kernel-bits"

"$work/native/kernel-bits" | sed "s/^/$(uname -m) /" >"$work/bits"
# qemu takes its time: the build that an aarch64 machine would run is what counts.
"$qemu" "$work/aarch64/kernel-bits" baseline | sed 's/^/aarch64 /' >>"$work/bits"
cat "$work/bits"
grep -q '^aarch64 baseline fused ' "$work/bits" || { echo "neon-bits: nothing was computed with NEON" >&2; exit 1; }
for class in fused unfused; do
    if [ "$(awk -v class="$class" '$3 == class { print $4 }' "$work/bits" | sort -u | wc -l)" -gt 1 ]; then
        echo "neon-bits: the $class builds differ" >&2
        exit 1
    fi
done
echo "all builds of a class agree"
