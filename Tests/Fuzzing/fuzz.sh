#!/usr/bin/env bash
# fuzz.sh [SECONDS [DECODER…]]
#
# Runs libFuzzer for so many seconds (60) over each decoder, one after the other; without a name over all:
#
#   csv csv-european csv-bare csv-clock csv-long csv-declared jsonl jsonl-long jsonl-records json-list influx logfmt
#   syslog-old syslog-new graphite statsd
#   zeek zeek-json suricata suricata-netflow suricata-stats nfdump-old nfdump-new pipe argus
#                  lines, read by a decoder that knows which form they are
#   recognition    the first lines of a stream, of which that is found out
#   export         datagrams of NetFlow and IPFIX
#
# Ends with 0 when nothing trapped; inputs that did lie in .build/fuzzing/found. Those that reach something new stay in
# .build/fuzzing/corpus for the next time.
#
# FUZZ_MODE=thorough finds more in an input and reads fewer: memory is watched by the address sanitizer, and every comparison
# shows libFuzzer what the input should have been. The plain way (fast) is for numbers.
# FUZZ_RUNS=N ends a decoder after N inputs (or its seconds), MONITORD_BUILD_JOBS=N builds with so many jobs. Of both, nine parts
# in ten go to inputs of up to 512 bytes, which are many lines and quickly read, and the last to inputs of up to 4 KiB, in which a
# line can be too long.
set -euo pipefail
all=(csv csv-european csv-bare csv-clock csv-long csv-declared jsonl jsonl-long jsonl-records json-list influx logfmt
    syslog-old syslog-new graphite statsd zeek zeek-json suricata suricata-netflow suricata-stats nfdump-old nfdump-new
    pipe argus recognition export)
seconds=${1:-60}
shift || true
decoders=("$@")
[ ${#decoders[@]} -gt 0 ] || decoders=("${all[@]}")
for decoder in "${decoders[@]}"; do
    case " ${all[*]} " in
        *" $decoder "*) ;;
        *)
            echo "usage: fuzz.sh [SECONDS [DECODER…]], of ${all[*]}" >&2
            exit 64
            ;;
    esac
done
mode=${FUZZ_MODE:-fast}
memory=512
case $mode in
    fast)
        # Neither comparisons nor how rare a branch is are counted: that would cost more than reading the input.
        scratch=.build flags=(-sanitize-coverage=edge,inline-8bit-counters,pc-table) sanitizers=(fuzzer)
        options=(-use_cmp=0 -entropic=0)
        ;;
    thorough)
        scratch=.build-thorough flags=() sanitizers=(fuzzer address) options=(-detect_leaks=0) memory=2048
        # The text of a constant error hangs on a pointer with spare bits in use, which is no pointer to the leak sanitizer.
        export ASAN_OPTIONS=detect_leaks=0
        ;;
    *)
        echo "fuzz.sh: FUZZ_MODE is fast or thorough, not $mode" >&2
        exit 64
        ;;
esac
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$root/.build/fuzzing
mkdir -p "$work"
ln -sfn "$root/Sources" "$work/Sources"
# The package without its programs: only what the decoders need, so that nothing else is instrumented.
cat > "$work/Package.swift" <<'PACKAGE'
// swift-tools-version: 6.2
import PackageDescription
let package = Package(
    name: "fuzzing",
    dependencies: [.package(url: "https://github.com/apple/swift-log", from: "1.16.2")],
    targets: [
        .target(
            name: "Ingest",
            dependencies: ["TimeSeries", "CLinux", "CZlib", .product(name: "Logging", package: "swift-log")]),
        .target(name: "TimeSeries"), .target(name: "CLinux"), .systemLibrary(name: "CZlib", pkgConfig: "zlib"),
    ],
    swiftLanguageModes: [.v6])
for target in package.targets where target.name == "Ingest" || target.name == "TimeSeries" {
    target.swiftSettings = [
        .enableUpcomingFeature("ExistentialAny"), .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("InternalImportsByDefault"), .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    ]
}
PACKAGE
cd "$work"
# Optimised, and with every check that the product has: what traps here would trap there.
build=(-c release --scratch-path "$scratch" "${sanitizers[@]/#/--sanitize=}" -Xswiftc -enable-testing)
for flag in "${flags[@]}"; do build+=(-Xswiftc "$flag"); done
swift build "${build[@]}" --target Ingest ${MONITORD_BUILD_JOBS:+-j "$MONITORD_BUILD_JOBS"}
modules=$(swift build "${build[@]}" --show-bin-path)
swiftc -O -wmo "${sanitizers[@]/#/-sanitize=}" "${flags[@]}" -parse-as-library -swift-version 6 -module-name Fuzzing \
    "$root"/Tests/Fuzzing/*.swift -I "$modules/Modules" \
    -Xcc -fmodule-map-file="$root/Sources/CZlib/module.modulemap" \
    -Xcc -fmodule-map-file="$modules/CLinux.build/module.modulemap" -Xcc -I -Xcc "$root/Sources/CLinux/include" \
    "$modules"/{Ingest,TimeSeries,Logging,CLinux}.build/*.o -lz -o "fuzz-$mode"
mkdir -p found
failed=()
# one DECODER LONGEST SECONDS RUNS
one() {
    # Tables are set up for inputs that have flows: memory that is given back to the system each time costs more than reading.
    # A trap is libFuzzer's to report: it keeps the input.
    SWIFT_BACKTRACE=enable=no MONITORD_FUZZED=$1 MALLOC_MMAP_THRESHOLD_=16777216 MALLOC_TRIM_THRESHOLD_=67108864 \
        "./fuzz-$mode" "corpus/$1" "$root/Tests/Fuzzing/seeds/$1" -dict="$root/Tests/Fuzzing/words.dict" \
        "${options[@]}" -max_total_time="$3" -runs="$4" -max_len="$2" -timeout=10 \
        -rss_limit_mb=$memory -artifact_prefix="found/$1-" -print_final_stats=1
}
runs=${FUZZ_RUNS:--1}
for decoder in "${decoders[@]}"; do
    echo "fuzz.sh: $decoder, $mode, $seconds s"
    mkdir -p "corpus/$decoder" "$root/Tests/Fuzzing/seeds/$decoder"
    few=$((runs < 0 ? -1 : runs / 10))
    { one "$decoder" 512 $((seconds - seconds / 10)) $((runs < 0 ? -1 : runs - few)) \
        && one "$decoder" 4096 $((seconds / 10 + 1)) $few; } || failed+=("$decoder")
done
[ ${#failed[@]} -eq 0 ] || { echo "fuzz.sh: found something in ${failed[*]}; the inputs are in $work/found" >&2; exit 1; }
