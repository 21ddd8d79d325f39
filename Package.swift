// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "monitord",
    products: [
        .executable(name: "monitord", targets: ["monitord"])
    ],
    // `--disable-default-traits` builds without what is only needed to speak with a broker.
    traits: [
        .trait(name: "MQTT", description: "Sources and sinks at MQTT brokers, Sparkplug B among them."),
        .trait(name: "Kafka", description: "Topics of a Kafka cluster as sources, shared with the workers of a group."),
        .default(enabledTraits: ["MQTT", "Kafka"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0", traits: []),
        .package(url: "https://github.com/LebJe/TOMLKit", from: "0.6.0"),
    ],
    targets: [
        // The arrows point down only: commands, wiring, the four working modules and the status, then the two foundations.
        .executableTarget(
            name: "monitord",
            dependencies: [
                "MonitorRuntime", "Ingest", "AnomalyDetection", "Alerting", "Persistence", "StatusServer", "TimeSeries",
                "CZlib",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ],
            linkerSettings: [
                .unsafeFlags(
                    [
                        // Nobody loads the program as a library: a list of all its symbols would be a twentieth of it.
                        "-Xlinker", "--no-export-dynamic",
                        // Addresses to be relocated as a bitmap (glibc 2.36), 1.5 MB less, which gold cannot write. Not
                        // lld: it takes one symbol of FoundationEssentials from Foundation and links all of that.
                        "-use-ld=bfd", "-Xlinker", "-z", "-Xlinker", "pack-relative-relocs",
                        // What is relocated is read-only from then on, and only C++ has tables for unwinding.
                        "-Xlinker", "-z", "-Xlinker", "relro", "-Xlinker", "-z", "-Xlinker", "now",
                        "-Xlinker", "-T", "-Xlinker", Context.packageDirectory + "/scripts/layout.ld",
                    ], .when(configuration: .release))
            ]),
        .target(
            name: "MonitorRuntime",
            dependencies: [
                "Ingest", "AnomalyDetection", "Alerting", "Onward", "Persistence", "StatusServer", "TimeSeries",
                "NeuralNet",
                "CLinux",
                .target(name: "MQTT", condition: .when(traits: ["MQTT"])),
                .target(name: "Kafka", condition: .when(traits: ["Kafka"])),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "TOMLKit", package: "TOMLKit"),
            ]),
        .target(
            name: "Ingest",
            dependencies: [
                "TimeSeries", "CLinux", "CZlib",
                .product(name: "Logging", package: "swift-log"),
            ]),
        .target(
            name: "MQTT",
            dependencies: [
                "Ingest", "Alerting", "TimeSeries", "CMosquitto",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "SwiftProtobuf", package: "swift-protobuf"),
            ],
            exclude: ["Sparkplug/sparkplug_b.proto"]),
        .target(name: "Kafka", dependencies: ["CKafka"]),
        .target(name: "AnomalyDetection", dependencies: ["TimeSeries", "NeuralNet"]),
        .target(
            name: "Alerting",
            dependencies: [
                "TimeSeries", "CSystemd", "CZlib",
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "Logging", package: "swift-log"),
            ]),
        .target(name: "Onward", dependencies: ["Alerting", "TimeSeries", "CCurl"]),
        .target(
            name: "Persistence",
            dependencies: [
                "TimeSeries", "CSQLite", "CZlib",
                .product(name: "Logging", package: "swift-log"),
            ]),
        .target(
            name: "StatusServer",
            dependencies: [
                "TimeSeries", "CSystemd",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ],
            // In the program itself, as arrays of bytes: no bundle beside it.
            resources: [
                "index.html", "page.css", "page.js", "views.js", "elements.js", "chart.js",
                "report.html", "report.css", "report.js",
            ].map { .embedInCode("Assets/\($0)") }),
        .target(name: "NeuralNet", dependencies: ["CKernels"]),
        .target(name: "TimeSeries"),

        // C: the numeric leaf kernels, the few calls Swift cannot import, and the system libraries.
        .target(name: "CKernels"),
        .target(name: "CLinux"),
        .target(name: "CCurl"),
        .target(name: "CMosquitto"),
        .target(name: "CKafka"),
        .systemLibrary(name: "CSystemd", pkgConfig: "libsystemd", providers: [.apt(["libsystemd-dev"])]),
        .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),

        .target(name: "TestSupport", dependencies: ["Alerting", "TimeSeries"], path: "Tests/TestSupport"),
        // Counts allocations; its release build is started by a test.
        .target(name: "AllocationCounter", path: "Tests/AllocationProbe/Counter"),
        .executableTarget(
            name: "allocation-probe",
            dependencies: ["AllocationCounter", "AnomalyDetection", "NeuralNet", "TimeSeries"],
            path: "Tests/AllocationProbe/Probe"),
        .testTarget(name: "TimeSeriesTests", dependencies: ["TimeSeries", "TestSupport"]),
        .testTarget(name: "NeuralNetTests", dependencies: ["NeuralNet", "TestSupport"], exclude: ["Fixtures"]),
        .testTarget(
            name: "AnomalyDetectionTests", dependencies: ["AnomalyDetection", "NeuralNet", "TimeSeries", "TestSupport"]),
        .testTarget(
            name: "IngestTests",
            dependencies: ["Ingest", "TimeSeries", "TestSupport", .product(name: "Logging", package: "swift-log")]),
        .testTarget(
            name: "MQTTTests",
            dependencies: [
                "MQTT", "MonitorRuntime", "Ingest", "Alerting", "TimeSeries", "TestSupport",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "SwiftProtobuf", package: "swift-protobuf"),
            ]),
        .testTarget(name: "AlertingTests", dependencies: ["Alerting", "TimeSeries", "TestSupport"]),
        .testTarget(name: "OnwardTests", dependencies: ["Onward", "Alerting", "TimeSeries", "TestSupport"]),
        .testTarget(name: "PersistenceTests", dependencies: ["Persistence", "TimeSeries", "TestSupport"]),
        .testTarget(name: "StatusServerTests", dependencies: ["StatusServer", "TimeSeries", "TestSupport"]),
        .testTarget(
            name: "MonitorRuntimeTests",
            dependencies: [
                "MonitorRuntime", "Ingest", "AnomalyDetection", "Alerting", "Onward", "Persistence", "StatusServer",
                "NeuralNet", "TimeSeries", "TestSupport",
                .product(name: "Logging", package: "swift-log"),
            ]),
        .testTarget(
            name: "MonitordTests",
            dependencies: ["monitord", "MonitorRuntime", "Persistence", "TimeSeries", "TestSupport"],
            exclude: ["Fixtures"]),
    ],
    swiftLanguageModes: [.v6]
)

// In the sanitized test suites what is undefined in C traps.
if Context.environment["MONITORD_SANITIZE"] != nil {
    for target in package.targets where ["CKernels", "CLinux", "CCurl", "CMosquitto", "CKafka"].contains(target.name) {
        target.cSettings = [.unsafeFlags(["-fsanitize=undefined", "-fsanitize-trap=undefined"])]
    }
}

// One set of rules for every Swift target.
for target in package.targets
where target.type != .system
    && !["CKernels", "CLinux", "CCurl", "CMosquitto", "CKafka", "AllocationCounter"].contains(target.name)
{
    target.swiftSettings =
        (target.swiftSettings ?? []) + [
            .strictMemorySafety(),
            .enableUpcomingFeature("ExistentialAny"),
            .enableUpcomingFeature("MemberImportVisibility"),
            .enableUpcomingFeature("InternalImportsByDefault"),
            .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
        ]
}

// Modules that no sample passes: small before fast in a release. Ingest and MonitorRuntime, which every sample passes, are half a
// megabyte larger and a twelfth faster without it.
for target in package.targets
where ["monitord", "Alerting", "Onward", "MQTT", "Kafka", "Persistence", "StatusServer"].contains(target.name) {
    target.swiftSettings =
        (target.swiftSettings ?? []) + [.unsafeFlags(["-Osize"], .when(configuration: .release))]
}

// The modules as products, for the package in Benchmarks: what is built and released knows nothing of it.
if Context.environment["MONITORD_BENCHMARKS"] != nil {
    let measured = [
        "MonitorRuntime", "Ingest", "AnomalyDetection", "Alerting", "Onward", "Persistence", "NeuralNet", "TimeSeries",
        "CKernels", "AllocationCounter",
    ]
    package.products += measured.map { .library(name: $0, targets: [$0]) }
    // Parts that only these modules themselves use are measured alone, too: a release build hides them else.
    for target in package.targets where ["AnomalyDetection", "MonitorRuntime", "NeuralNet"].contains(target.name) {
        target.swiftSettings =
            (target.swiftSettings ?? []) + [.unsafeFlags(["-enable-testing"], .when(configuration: .release))]
    }
}
