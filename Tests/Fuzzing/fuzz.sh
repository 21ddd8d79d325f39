#!/usr/bin/env bash
# fuzz.sh [SECONDS [Flow|Export]]
#
# Runs libFuzzer for so many seconds (60) over a decoder: `Flow` the lines of flow records, from the examples of
# `monitord formats` in seeds/; `Export` the datagrams of flow exporters, from those in seeds-export/. Without a name both,
# one after the other. Ends with 0 when nothing trapped. What is built and found stays in .build/fuzzing.
set -euo pipefail
seconds=${1:-60}
if [ $# -lt 2 ]; then
    bash "$0" "$seconds" Flow
    exec bash "$0" "$seconds" Export
fi
target=$2
case $target in
    Flow) seeds=seeds ;;
    Export) seeds=seeds-export ;;
    *)
        echo "usage: fuzz.sh [SECONDS [Flow|Export]]" >&2
        exit 64
        ;;
esac
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$root/.build/fuzzing
mkdir -p "$work/corpus-$target"
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
swift build -c release --sanitize=fuzzer -Xswiftc -enable-testing --target Ingest ${MONITORD_BUILD_JOBS:+-j "$MONITORD_BUILD_JOBS"}
modules=$(swift build -c release --sanitize=fuzzer --show-bin-path)
swiftc -O -sanitize=fuzzer -parse-as-library -swift-version 6 "$root/Tests/Fuzzing/${target}Fuzzer.swift" -I "$modules/Modules" \
    -Xcc -fmodule-map-file="$root/Sources/CZlib/module.modulemap" \
    -Xcc -fmodule-map-file="$modules/CLinux.build/module.modulemap" -Xcc -I -Xcc "$root/Sources/CLinux/include" \
    "$modules"/{Ingest,TimeSeries,Logging,CLinux}.build/*.o -lz -o "fuzz-$target"
"./fuzz-$target" "corpus-$target" "$root/Tests/Fuzzing/$seeds" -max_total_time="$seconds" -max_len=4096 -timeout=10 -rss_limit_mb=1024 \
    -print_final_stats=1
