import Foundation
import TestSupport
import Testing

/// The finished binary and the systems that it sends alerts to.
@Suite("onward", .needsBinary, .serialized) struct OnwardTests {
    /// Rows of the sample pump until its incident is open, and those behind them.
    private static func pump() throws -> (before: String, after: String) {
        let lines = try String(contentsOfFile: sample("pump.csv"), encoding: .utf8).split(separator: "\n")
        let border = try #require(lines.firstIndex { $0.contains("06:50:30") })
        return (lines[..<border].joined(separator: "\n") + "\n", lines[border...].joined(separator: "\n") + "\n")
    }

    private func start(_ directory: TemporaryDirectory, _ sinks: String) throws -> RunningCommand {
        let file = try directory.write(
            "[[source]]\nfile = \"\(directory.path("pump.csv"))\"\n" + sinks, to: "monitord.toml")
        return try RunningCommand(
            try #require(monitordBinary),
            [
                "run", "--config", file, "--state", directory.path("state"), "--log", directory.path("log"),
                "--no-journal",
            ])
    }

    private func stop(_ daemon: RunningCommand) -> CommandResult {
        daemon.signal(SIGTERM)
        return daemon.finish()
    }

    @Test(.enabled(if: Alertmanager.isExpected, "\(Alertmanager.absence)"))
    func `an incident is active in a real Alertmanager, also over restarts of both, and resolved when it closes`()
        async throws
    {
        let alertmanager = try await Alertmanager()
        let directory = try TemporaryDirectory()
        let rows = try Self.pump()
        try directory.write(rows.before, to: "pump.csv")
        let sink =
            "[[sink]]\nalertmanager = \"\(alertmanager.address)\"\nresend = \"5s\"\nlabels = { site = \"north\" }\n"
        let first = try start(directory, sink)
        let opened = try #require(first.nextLine())
        let record = try #require(try JSONSerialization.jsonObject(with: Data(opened.utf8)) as? [String: Any])
        let id = try #require(record["id"] as? String)
        let open = try await alertmanager.alerts { !$0.isEmpty }
        #expect(open.map { $0.labels["incident"] } == [id] && open[0].labels["site"] == "north")
        #expect(open[0].annotations["summary"] == record["message"] as? String)
        let result = stop(first)
        #expect(result.exitCode == 0, "\(result.errors)")

        // Neither monitord's memory nor Alertmanager's: only what monitord's state has.
        alertmanager.stop()
        try await alertmanager.start()
        #expect(try alertmanager.alerts().isEmpty)
        let second = try start(directory, sink)
        #expect(try await alertmanager.alerts { !$0.isEmpty }.map(\.labels) == open.map(\.labels))

        try directory.append(rows.after, to: "pump.csv")
        #expect(try await alertmanager.alerts { $0.isEmpty }.isEmpty)
        let told = try await alertmanager.notifications.requests.wait { requests in
            Alertmanager.told(requests).contains { $0.status == "resolved" && $0.labels["incident"] == id }
        }
        #expect(Alertmanager.told(told).last?.status == "resolved")
        let end = stop(second)
        #expect(end.exitCode == 0, "\(end.errors)")
    }

    @Test func `what a receiver missed while it was away comes in order with the next start, and a reload adds a sink`()
        async throws
    {
        let directory = try TemporaryDirectory()
        let rows = try Self.pump()
        let receiver = try HTTPReceiver(starts: false)
        let later = try HTTPReceiver()
        try directory.write(rows.before, to: "pump.csv")
        try directory.write("key\n", to: "key")
        let sink = "[[sink]]\nwebhook = \"\(receiver.address)/secret\"\nsecret_file = \"\(directory.path("key"))\"\n"
        let first = try start(directory, sink)
        let opened = try #require(first.nextLine())
        let result = stop(first)
        #expect(result.exitCode == 0, "\(result.errors)")
        #expect(result.errors.contains("an alert sink fails and will be tried again"), "\(result.errors)")
        #expect(!result.errors.contains("secret"), "\(result.errors)")

        try receiver.start()
        let second = try start(directory, sink)
        #expect(try await receiver.requests.wait { $0.count >= 1 }.count == 1)
        try directory.write(
            "[[source]]\nfile = \"\(directory.path("pump.csv"))\"\n" + sink
                + "[[sink]]\nname = \"later\"\nwebhook = \"\(later.address)\"\n", to: "monitord.toml")
        second.signal(SIGHUP)
        _ = try await poll({ second.errors }, until: { $0.contains("reload: sink later: new") })
        try directory.append(rows.after, to: "pump.csv")
        let all = try await receiver.requests.wait { $0.count >= 2 }
        // The new one begins with what comes from now on.
        let new = try await later.requests.wait { $0.count >= 1 }
        let end = stop(second)
        #expect(end.exitCode == 0, "\(end.errors)")
        let logged = try #require(directory.read("log"))
        #expect(try bareRecords(all.map(\.body).joined(separator: "\n")) == bareRecords(logged))
        #expect(try bareRecords(all[0].body) == bareRecords(opened))
        #expect(new.map(\.body).count == 1)
        #expect(try bareRecords(new[0].body) == bareRecords(all[1].body))
        #expect(all.allSatisfy { $0.headers["x-monitord-signature"]?.hasPrefix("sha256=") == true })
    }

    @Test(.enabled(if: hasCompiler, "no cc, which builds the library that hides libcurl"))
    func `without libcurl it says which package is missing, and everything else goes on`() throws {
        let directory = try TemporaryDirectory()
        let code = """
            #define _GNU_SOURCE
            #include <dlfcn.h>
            #include <string.h>
            void *dlopen(const char *name, int flags) {
                void *(*real)(const char *, int) = (void *(*)(const char *, int))dlsym(RTLD_NEXT, "dlopen");
                return real(name && strstr(name, "libcurl") ? "/nowhere/libcurl" : name, flags);
            }
            """
        let library = directory.path("hides.so")
        let built = try runCommand(
            URL(fileURLWithPath: "/usr/bin/cc"),
            ["-shared", "-fPIC", "-o", library, try directory.write(code, to: "hides.c")])
        try #require(built.exitCode == 0, "\(built.errors)")
        let receiver = try HTTPReceiver()
        let file = try directory.write(
            "[[source]]\nstdin = true\n[[sink]]\nwebhook = \"\(receiver.address)\"\n", to: "monitord.toml")
        let rows = try Self.pump()
        let result = try monitord(
            [
                "run", "--config", file, "--state", directory.path("state"), "--log", directory.path("log"),
                "--no-journal",
            ],
            input: Data((rows.before + rows.after).utf8), environment: ["LD_PRELOAD": library])
        #expect(result.exitCode == 0, "\(result.errors)")
        #expect(result.errors.contains("install Debian's package libcurl4"), "\(result.errors)")
        #expect(receiver.requests.all.isEmpty)
        #expect(result.output.split(separator: "\n").count == directory.read("log")?.split(separator: "\n").count)
    }

    @Test func `status and metrics show what was refused for good, and why another is not reached`() async throws {
        let directory = try TemporaryDirectory()
        let rows = try Self.pump()
        let refusing = try HTTPReceiver { _, _ in .init(422, body: "no such field") }
        let port = try freePort(for: .connections)
        let page = try freePort(for: .connections)
        try directory.write(rows.before, to: "pump.csv")
        let control = directory.path("control")
        let file = try directory.write(
            """
            control = "\(control)"
            http = "127.0.0.1:\(page)"
            [[source]]
            file = "\(directory.path("pump.csv"))"
            [[sink]]
            name = "refusing"
            webhook = "\(refusing.address)/secret"
            [[sink]]
            name = "away"
            webhook = "http://127.0.0.1:\(port)/secret"
            """, to: "monitord.toml")
        let daemon = try RunningCommand(
            try #require(monitordBinary),
            [
                "run", "--config", file, "--state", directory.path("state"), "--log", directory.path("log"),
                "--no-journal",
            ])
        #expect(daemon.nextLine() != nil)
        let reason = "http://127.0.0.1:\(refusing.port) answers 422: no such field"
        let status = try await poll({ try monitord(["status", "--control", control]).output }) {
            $0.contains(reason) && $0.contains("cannot reach")
        }
        #expect(status.contains("1 refused for good, the last because \(reason)"), "\(status)")
        #expect(status.contains("cannot reach http://127.0.0.1:\(port): "), "\(status)")
        #expect(!status.contains("secret"))
        let metrics = try LoopbackListener.ask(
            page, "GET /metrics HTTP/1.1\r\nHost: 127.0.0.1:\(page)\r\nConnection: close\r\n\r\n")
        #expect(metrics.contains("\nmonitord_sink_dead_letters_total{sink=\"refusing\"} 1\n"), "\(metrics)")
        #expect(metrics.contains("\nmonitord_sink_dead_letters_total{sink=\"away\"} 0\n"))
        let end = stop(daemon)
        #expect(end.exitCode == 0, "\(end.errors)")
        #expect(
            end.errors.contains("a sink will never take an alert") && end.errors.contains("no such field"),
            "\(end.errors)")
    }

    @Test func `check names the file that cannot be read, and shows no secret`() throws {
        let directory = try TemporaryDirectory()
        let secret = try directory.write("hidden", to: "secret")
        let file = try directory.write(
            """
            [[source]]
            stdin = true
            [[sink]]
            webhook = "http://127.0.0.1:1"
            secret_file = "\(secret)"
            token_file = "\(directory.path("none"))"
            """, to: "monitord.toml")
        let result = try monitord(["check", "--config", file])
        #expect(result.exitCode == 66, "\(result.errors)")
        #expect(
            result.errors.contains(
                "sink webhook 127.0.0.1:1: token_file \(directory.path("none")): cannot be read: No such file or directory"
            ),
            "\(result.errors)")
        #expect(!result.output.contains("hidden") && result.output.contains("secret_file = \"\(secret)\""))
    }
}

private let hasCompiler =
    isContinuousIntegration || FileManager.default.isExecutableFile(atPath: "/usr/bin/cc")
