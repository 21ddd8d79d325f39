#!/usr/bin/env bash
# fuzz.sh [SECONDS [DECODER…]]
#
# Runs libFuzzer for so many seconds (60) over each decoder of network flows, one after the other; without a name over all:
#
#   zeek zeek-json suricata suricata-netflow nfdump-old nfdump-new pipe argus
#                  lines, read by a decoder that knows which form they are
#   recognition    the first lines of a stream, of which that is found out
#   export         datagrams of NetFlow and IPFIX
#
# Ends with 0 when nothing trapped; inputs that did lie in .build/fuzzing/found. Those that reach something new stay in
# .build/fuzzing/corpus for the next time.
#
# FUZZ_MODE=thorough finds more in an input and reads fewer: memory is watched by the address sanitizer, and every comparison
# shows libFuzzer what the input should have been. The plain way (fast) is for numbers.
# FUZZ_RUNS=N ends a decoder after N inputs, MONITORD_BUILD_JOBS=N builds with so many jobs.
set -euo pipefail
all=(zeek zeek-json suricata suricata-netflow nfdump-old nfdump-new pipe argus recognition export)
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
    fast) scratch=.build flags=(-sanitize-coverage=edge,inline-8bit-counters,pc-table) sanitizers=(fuzzer) options=(-use_cmp=0) ;;
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
for decoder in "${decoders[@]}"; do
    echo "fuzz.sh: $decoder, $mode, $seconds s"
    mkdir -p "corpus/$decoder"
    # Tables are set up for inputs that have flows: memory that is given back to the system each time costs more than reading.
    MONITORD_FUZZED=$decoder MALLOC_MMAP_THRESHOLD_=16777216 MALLOC_TRIM_THRESHOLD_=67108864 \
        "./fuzz-$mode" "corpus/$decoder" "$root/Tests/Fuzzing/seeds/$decoder" -dict="$root/Tests/Fuzzing/flows.dict" \
        "${options[@]}" -max_total_time="$seconds" -runs="${FUZZ_RUNS:--1}" -max_len=4096 -timeout=10 \
        -rss_limit_mb=$memory -artifact_prefix="found/$decoder-" -print_final_stats=1 || failed+=("$decoder")
done
[ ${#failed[@]} -eq 0 ] || { echo "fuzz.sh: found something in ${failed[*]}; the inputs are in $work/found" >&2; exit 1; }
