import Glibc
import Logging
import StatusServer

/// The ways by which the running daemon is asked: the control socket of its verbs, and the port of the page and the metrics.
struct OperatorDoors: Sendable {
    let api: OperatorAPI
    let keeper: StatusKeeper
    let controlPath: String?
    let httpAddress: HTTPAddress?
    let logger: Logger

    /// Keeps the doors open until the task is cancelled. One that cannot be opened is told, and watching goes on without it.
    func serve() async {
        await withDiscardingTaskGroup { tasks in
            tasks.addTask {
                while !Task.isCancelled {
                    await keeper.takeReading(at: ProcessUsage.now().seconds)
                    try? await Task.sleep(for: .seconds(StatusKeeper.secondsBetweenReadings))
                }
            }
            tasks.addTask { await api.live.run() }
            if let controlPath {
                tasks.addTask {
                    Self.makeFolder(of: controlPath)
                    await open(.control(path: controlPath), "the verbs cannot ask this monitord") { _ in
                        guard ControlPath.process(of: controlPath) != nil else { return }
                        logger.notice(
                            "monitord status, top, explain and feedback ask this one",
                            metadata: ["control": "\(controlPath)"])
                    }
                }
            }
            if let httpAddress {
                tasks.addTask {
                    await open(
                        .port(host: httpAddress.host, port: httpAddress.port), "there is no page and no metrics"
                    ) { port in
                        logger.notice(
                            "the page and the metrics are served",
                            metadata: ["http.address": "http://\(httpAddress.withPort(port))/"])
                    }
                }
            }
        }
    }

    private func open(
        _ listener: HTTPListener, _ consequence: String, onListening: @Sendable (Int?) -> Void
    ) async {
        do {
            try await HTTPServer(handler: api, logger: logger).run(on: listener, onListening: onListening)
        } catch is CancellationError {
        } catch {
            logger.warning("\(consequence)", metadata: ["error": "\(error)"])
        }
    }

    /// The system makes the folder of a service; for others it is made here, and whatever is wrong with it shows when the
    /// socket is bound.
    private static func makeFolder(of path: String) {
        guard let slash = path.lastIndex(of: "/") else { return }
        // the path is copied for the call.
        _ = unsafe mkdir(String(path[..<slash]), 0o750)
    }
}

extension HTTPAddress {
    /// The address with the port that was chosen, where 0 was asked for.
    func withPort(_ chosen: Int?) -> String {
        host.contains(":") ? "[\(host)]:\(chosen ?? port)" : "\(host):\(chosen ?? port)"
    }
}
