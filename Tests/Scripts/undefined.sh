#!/bin/bash
# undefined.sh
#
# Builds the C targets with the sanitizers of undefined behaviour and of addresses and calls all that is in them: the numeric
# kernels in every build that this machine has (kernel-bits.c), and the calls of CLinux (linux-calls.c). Ends with 0 when nothing
# was found, 1 at the first finding, 77 without a clang (with CI=true that is a failure).
set -eu

here=$(cd "$(dirname "$0")" && pwd)
sources=$here/../../Sources
swift=$(command -v swift) || swift=
clang=$(dirname "$(readlink -f "${swift:-/}")")/clang
[ -x "$clang" ] || clang=$(command -v clang) || {
    echo "undefined: there is no clang, neither the Swift toolchain's nor another" >&2
    if [ "${CI:-}" = true ]; then exit 1; fi
    exit 77
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# The toolchain's own linker where it has one: gold says a line for each symbol of the sanitizer that it does not export.
linker=()
[ -x "$(dirname "$clang")/ld.lld" ] && linker=(-fuse-ld=lld)
flags=("${linker[@]}" -Wno-unused-command-line-argument -O1 -g -fno-omit-frame-pointer -fsanitize=undefined,address -fno-sanitize-recover=all)
"$clang" "${flags[@]}" -ffp-contract=off -I "$sources/CKernels/include" "$sources"/CKernels/*.c "$here/kernel-bits.c" -o "$work/kernels"
"$clang" "${flags[@]}" -I "$sources/CLinux/include" "$sources"/CLinux/*.c "$here/linux-calls.c" -o "$work/linux"
# What these short programs allocate they leave to their end.
export ASAN_OPTIONS=detect_leaks=0 UBSAN_OPTIONS=print_stacktrace=1
"$work/kernels"
"$work/linux"
# Whether it would have been seen: a shift by as many bits as there are.
cat >"$work/bad.c" <<'C'
int main(int count, char **names) { (void)names; return 1 << (count + 31); }
C
"$clang" "${flags[@]}" "$work/bad.c" -o "$work/bad"
if "$work/bad" 2>/dev/null; then
    echo "undefined: a shift that is undefined was not found: the sanitizer does not work here" >&2
    exit 1
fi
echo "undefined behaviour: none in CKernels and CLinux"
