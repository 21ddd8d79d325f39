import Foundation
import TestSupport
import Testing

/// Whether they are there.
private enum PrometheusPrograms {
    static let isExpected =
        ["promtool", "prometheus"].allSatisfy {
            FileManager.default.isExecutableFile(atPath: "/usr/bin/\($0)")
        } || isContinuousIntegration
    static let absence = "no prometheus and promtool; scripts/install-dependencies.sh --tests installs them"
}

/// The metrics as Prometheus takes them, asked of the finished binary by `Tests/Page/scrape.py`.
@Suite(
    "Prometheus", .needsBinary, .enabled(if: PrometheusPrograms.isExpected, "\(PrometheusPrograms.absence)"),
    .serialized)
struct PrometheusTests {
    private func check(_ name: String) throws {
        let script = repositoryRoot.appending(path: "Tests/Page/scrape.py").path
        let result = try runCommand(
            URL(fileURLWithPath: "/usr/bin/env"), ["python3", script, try #require(monitordBinary).path, name])
        #expect(result.exitCode == 0, "\(result.output)\(result.errors)")
    }

    @Test func `promtool finds nothing wrong with the metrics`() throws { try check("checked") }

    @Test func `ten thousand series have as many lines of metrics as one`() throws { try check("bounded") }

    @Test func `a real Prometheus scrapes it and understands every question of the dashboard`() throws {
        try check("scraped")
    }
}
