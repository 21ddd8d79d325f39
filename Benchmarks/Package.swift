// swift-tools-version: 6.2
import PackageDescription

// What `make bench` runs. A package of its own, so that what it depends on stays out of the daemon; the modules of the daemon
// are products only while MONITORD_BENCHMARKS is set, which `make bench` does (see the end of ../Package.swift).
let package = Package(
    name: "Benchmarks",
    dependencies: [
        .package(name: "monitord", path: ".."),
        // Without its traits: what they count allocations with is not to be had everywhere. AllocationCounter does it here.
        .package(url: "https://github.com/ordo-one/benchmark", from: "1.38.1", traits: []),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    ],
    targets: [
        .executableTarget(
            name: "MonitordBenchmarks",
            dependencies: [
                .product(name: "Benchmark", package: "benchmark"),
                .product(name: "AllocationCounter", package: "monitord"),
                .product(name: "Alerting", package: "monitord"),
                .product(name: "AnomalyDetection", package: "monitord"),
                .product(name: "CKernels", package: "monitord"),
                .product(name: "Ingest", package: "monitord"),
                .product(name: "MonitorRuntime", package: "monitord"),
                .product(name: "NeuralNet", package: "monitord"),
                .product(name: "Persistence", package: "monitord"),
                .product(name: "TimeSeries", package: "monitord"),
                .product(name: "Logging", package: "swift-log"),
            ],
            // The plugin runs what stands in a folder of this name.
            path: "Benchmarks/MonitordBenchmarks",
            plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")]),
        .executableTarget(
            name: "ingest-rate",
            dependencies: [
                .product(name: "Ingest", package: "monitord"),
                .product(name: "TimeSeries", package: "monitord"),
            ],
            path: "Sources/IngestRate"),
    ],
    swiftLanguageModes: [.v6]
)

// The rules of ../Package.swift. Speed is left as it is by default: nothing here is what is measured.
for target in package.targets {
    target.swiftSettings = [
        .strictMemorySafety(),
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    ]
}
