import Foundation

/// A real Alertmanager, on a port of its own with a folder of its own.
///
/// It passes on what it is told to a receiver, a second after it was told, so that a test sees what a person would be sent.
public final class Alertmanager {
    /// One that is told of: its labels, its annotations, and when it began and ends.
    public struct Alert: Sendable {
        /// What it is known by.
        public var labels: [String: String]
        /// What is said about it.
        public var annotations: [String: String]
        /// As it was told.
        public var startsAt: String
        /// As it was told, or when Alertmanager takes it for resolved.
        public var endsAt: String
        /// Where it came from.
        public var generator: String
    }

    /// Where it is installed by Debian's package.
    public static let program = "/usr/bin/prometheus-alertmanager"
    /// Whether tests that need it run: in continuous integration they do, and fail without it.
    public static var isExpected: Bool {
        FileManager.default.isExecutableFile(atPath: program) || isContinuousIntegration
    }
    /// Why a test is left out.
    public static let absence = "no prometheus-alertmanager; scripts/install-dependencies.sh --tests installs it"

    /// Its port.
    public let port: UInt16
    /// What it sends to people.
    public let notifications: HTTPReceiver
    private let directory: TemporaryDirectory
    private var process: Process?

    /// Starts one and waits until it answers.
    ///
    /// - Parameter resolveTimeout: after which it takes for resolved what it does not hear of.
    public init(resolveTimeout: String = "5m") async throws {
        port = try freePort(for: .connections)
        notifications = try HTTPReceiver()
        directory = try TemporaryDirectory()
        try directory.write(
            """
            global: {resolve_timeout: \(resolveTimeout)}
            route: {receiver: people, group_by: ['...'], group_wait: 0s, group_interval: 1s, repeat_interval: 1h}
            receivers:
              - name: people
                webhook_configs: [{url: '\(notifications.address)/', send_resolved: true}]

            """, to: "alertmanager.yml")
        try await start()
    }

    deinit { stop() }

    /// Its address.
    public var address: String { "http://127.0.0.1:\(port)" }

    /// Starts it with an empty storage, and waits until it answers.
    public func start() async throws {
        directory.delete("data")
        let process = Process()
        process.executableURL = URL(fileURLWithPath: Self.program)
        process.arguments = [
            "--config.file=\(directory.path("alertmanager.yml"))", "--storage.path=\(directory.path("data"))",
            "--web.listen-address=127.0.0.1:\(port)", "--cluster.listen-address=",
        ]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        self.process = process
        let isReady = try await poll({ (try? get("/-/ready")) != nil }, until: { $0 || !process.isRunning })
        guard isReady else { throw POSIXError(.ETIMEDOUT) }
    }

    /// Kills it.
    public func stop() {
        guard let process else { return }
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        self.process = nil
    }

    /// What is active now.
    public func alerts() throws -> [Alert] {
        let found = try JSONSerialization.jsonObject(with: try get("/api/v2/alerts")) as? [[String: Any]] ?? []
        return found.map { one in
            Alert(
                labels: one["labels"] as? [String: String] ?? [:],
                annotations: one["annotations"] as? [String: String] ?? [:],
                startsAt: one["startsAt"] as? String ?? "", endsAt: one["endsAt"] as? String ?? "",
                generator: one["generatorURL"] as? String ?? "")
        }
    }

    /// Asks until what is active is as a test wants it; returns it, so or not, after so many seconds.
    public func alerts(seconds: Double = 60, until isEnough: ([Alert]) -> Bool) async throws -> [Alert] {
        try await poll(seconds: seconds, { try alerts() }, until: isEnough)
    }

    /// The alerts of what it has sent to people, in order: each its labels and `firing` or `resolved`.
    public static func told(_ requests: [HTTPReceiver.Request]) -> [(labels: [String: String], status: String)] {
        requests.flatMap { request -> [(labels: [String: String], status: String)] in
            let alerts = (request.json as? [String: Any])?["alerts"] as? [[String: Any]] ?? []
            return alerts.map { ($0["labels"] as? [String: String] ?? [:], $0["status"] as? String ?? "") }
        }
    }

    private func get(_ path: String) throws -> Data {
        let answer = try LoopbackListener.ask(port, "GET \(path) HTTP/1.0\r\n\r\n")
        guard answer.hasPrefix("HTTP/1.0 200"), let head = answer.range(of: "\r\n\r\n") else {
            throw POSIXError(.EPROTO)
        }
        return Data(answer[head.upperBound...].utf8)
    }
}
