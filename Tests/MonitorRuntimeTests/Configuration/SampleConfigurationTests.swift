import Alerting
import Ingest
import Onward
import Testing

@testable import MonitorRuntime

/// The annotated file that is shipped as /etc/monitord/monitord.toml, held against the keys that the code knows.
@Suite struct SampleConfigurationTests {
    private static var path: String {
        // This file is four folders below the root of the package.
        let parts = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(4)
        return parts.joined(separator: "/") + "/etc/monitord/monitord.toml"
    }

    private func sample() throws -> String {
        let bytes = try #require(try ConfigurationFiles.system.read(Self.path))
        return try #require(String(validating: bytes, as: UTF8.self))
    }

    /// A commented-out key: its section, its name, its value as TOML, and whether it is marked as an example.
    private struct Shown: Equatable {
        var section: String
        var name: String
        var value: String
        var isExample: Bool
    }

    private func shown(in text: String) -> [Shown] {
        var section = ""
        var result: [Shown] = []
        for line in text.split(separator: "\n") {
            let bare = line.hasPrefix("#") ? line.dropFirst() : line
            if bare.hasPrefix("[") {
                section = String(bare.drop { $0 == "[" }.prefix { $0 != "]" && $0 != "." })
            } else if line.hasPrefix("#"), let equals = bare.firstRange(of: " = "), !bare.hasPrefix(" ") {
                let isExample = bare.hasSuffix("  # example")
                let value = bare[equals.upperBound...].dropLast(isExample ? 11 : 0)
                result.append(
                    Shown(
                        section: section, name: String(bare[..<equals.lowerBound]), value: String(value),
                        isExample: isExample))
            }
        }
        return result
    }

    @Test func `the file itself loads and is the built-in defaults`() throws {
        let loader = ConfigurationLoader(environment: [:], isRoot: false)
        let loaded = try loader.load(ConfigurationOverrides(file: Self.path))
        #expect(loaded.configuration == MonitorConfiguration())
        #expect(loaded.files == [Self.path])
    }

    @Test func `every key stands in the file and every commented default is the built-in one`() throws {
        let shown = shown(in: try sample())
        check(shown.filter { $0.section == "" }, ConfigurationKeys.global, GlobalDraft())
        check(shown.filter { $0.section == "defaults" }, ConfigurationKeys.series, SeriesRule.builtIn)
        check(shown.filter { $0.section == "source" }, ConfigurationKeys.source, SourceDraft())
        check(shown.filter { $0.section == "sink" }, ConfigurationKeys.sink, SinkDraft())
        #expect(Set(shown.map(\.section)) == ["", "defaults", "series", "source", "sink"])
    }

    private func check<Target>(_ shown: [Shown], _ keys: [ConfigurationKey<Target>], _ builtIn: Target) {
        #expect(shown.map(\.name) == keys.map(\.name))
        for key in keys {
            guard let example = shown.first(where: { $0.name == key.name }) else { continue }
            if let value = key.write(builtIn) {
                #expect(example.value == value, "\(key.name)")
                #expect(!example.isExample, "\(key.name) has a default")
            } else {
                #expect(example.isExample, "\(key.name) has no default")
            }
        }
    }

    @Test(arguments: [
        ("file", "alertmanager"), ("file", "webhook"), ("file", "syslog"), ("mqtt", "mqtt"), ("kafka", "webhook"),
    ])
    func `the file with every key made live loads`(input: String, sink: String) throws {
        // A source has one input, and the keys that go with it, and a sink one place and its keys.
        let keys = try #require(ConfigurationKeys.sinkKeys[sink]).union([sink, "name", "severity"])
        let kafka = ["kafka"] + SourceDraft.kafkaKeys
        let inputs = [
            "file": ["udp", "mqtt"] + SourceDraft.brokerKeys + kafka, "mqtt": ["file", "udp"] + kafka,
            "kafka": ["file", "udp", "mqtt"] + SourceDraft.brokerKeys.filter { $0 != "topics" },
        ]
        // Keys of one name stand in both tables.
        let sinks = ConfigurationKeys.sink.map(\.name).filter { !keys.contains($0) }
        let others = try #require(inputs[input])
        var isSink = false
        // The topics that are shown are filters of MQTT.
        let text =
            try input == "kafka" ? sample().replacing(#""plant/+/temp", "spBv1.0/#""#, with: #""plant""#) : sample()
        let live = text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            if line.hasPrefix("#[[sink]]") { isSink = true }
            let left = (isSink ? sinks : others).map { "#\($0) = " } + ["# "]
            return line.hasPrefix("#") && line.count > 1 && !left.contains(where: line.hasPrefix)
                ? String(line.dropFirst().replacing("mqtt://", with: "mqtts://")) : String(line)
        }.joined(separator: "\n")
        let files = ConfigurationFiles(
            read: { path throws(ConfigurationFiles.Failure) in path == "live.toml" ? Array(live.utf8) : nil },
            list: { _ throws(ConfigurationFiles.Failure) in [] })
        let loaded = try ConfigurationLoader(environment: [:], isRoot: false, files: files)
            .load(ConfigurationOverrides(file: "live.toml"))
        let configuration = loaded.configuration
        #expect(configuration.sources.count == 1)
        #expect(configuration.sinks.map(\.name) == ["pager"] && configuration.sinks[0].place.kind == sink)
        #expect(configuration.sources.first?.channels == ["temp", "current"])
        #expect(configuration.seriesRules == [SeriesRule(pattern: "pump*", falseAlarmsPerSecond: 1.0 / 2_592_000)])
        #expect(configuration.stateDirectory == "/var/lib/monitord")
        #expect(configuration.alerting.runbook == "https://wiki.example/pumps")
    }

    @Test func `every key is explained by a full sentence before it`() throws {
        let lines = try sample().split(separator: "\n", omittingEmptySubsequences: false)
        for (number, line) in lines.enumerated()
        where line.hasPrefix("#") && !line.hasPrefix("# ") && line.contains(" = ") {
            // The key inside the [series] example is explained by the paragraph above its table.
            guard !lines[number - 1].hasPrefix("#[") else { continue }
            let paragraph = lines[..<number].reversed().prefix { $0.hasPrefix("# ") }.reversed()
            let text = paragraph.map { $0.dropFirst(2) }.joined(separator: " ")
            #expect(text.first?.isUppercase == true && text.hasSuffix("."), "\(line)")
        }
    }
}
