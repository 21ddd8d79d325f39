import Foundation
import TestSupport
import Testing

/// The status page in a real Chromium, driven by `Tests/Page`, of the finished binary that is fed live.
@Suite("status page", .needsBinary, .needsChromium, .serialized)
struct StatusPageTests {
    private func check(_ name: String) throws {
        let script = repositoryRoot.appending(path: "Tests/Page/page.py").path
        let result = try runCommand(
            URL(fileURLWithPath: "/usr/bin/env"), ["python3", script, try #require(monitordBinary).path, name],
            environment: ["HOME": NSTemporaryDirectory()])
        #expect(result.exitCode == 0, "\(result.output)\(result.errors)")
    }

    @Test func `it loads without an error in the console and asks for nothing elsewhere`() throws {
        try check("loads")
    }

    @Test func `an incident appears within two seconds of its alert`() throws { try check("incident_appears") }

    @Test func `a series shows values, band, score, threshold and incidents, and goes on`() throws {
        try check("series_view")
    }

    @Test func `an incident explains itself`() throws { try check("explains") }

    @Test func `a button acts with the token, and nothing does without it`() throws { try check("acts") }

    @Test func `an incident is judged, and a series silenced and heard again`() throws { try check("answers") }

    @Test func `a phone's width is enough, and the keyboard`() throws { try check("phone") }

    @Test func `names that are markup are text`() throws { try check("hostile") }
}
