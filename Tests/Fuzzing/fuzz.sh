#!/usr/bin/env bash
# fuzz.sh [SECONDS]
#
# Runs libFuzzer for so many seconds (60) over the decoders of flow records, from the examples of `monitord formats` in seeds/.
# Ends with 0 when nothing trapped. What is built and found stays in .build/fuzzing.
set -euo pipefail
seconds=${1:-60}
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$root/.build/fuzzing
mkdir -p "$work/corpus"
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
swift build -c release --sanitize=fuzzer --target Ingest ${MONITORD_BUILD_JOBS:+-j "$MONITORD_BUILD_JOBS"}
modules=$(swift build -c release --sanitize=fuzzer --show-bin-path)
swiftc -O -sanitize=fuzzer -parse-as-library -swift-version 6 "$root/Tests/Fuzzing/FlowFuzzer.swift" -I "$modules/Modules" \
    -Xcc -fmodule-map-file="$root/Sources/CZlib/module.modulemap" \
    -Xcc -fmodule-map-file="$modules/CLinux.build/module.modulemap" -Xcc -I -Xcc "$root/Sources/CLinux/include" \
    "$modules"/{Ingest,TimeSeries,Logging,CLinux}.build/*.o -lz -o fuzz
./fuzz corpus "$root/Tests/Fuzzing/seeds" -max_total_time="$seconds" -max_len=4096 -timeout=10 -rss_limit_mb=1024 \
    -print_final_stats=1
