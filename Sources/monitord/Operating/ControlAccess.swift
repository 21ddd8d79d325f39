import ArgumentParser
import FoundationEssentials
import Glibc
import MonitorRuntime
import StatusServer

/// How a verb finds the running daemon, and what of its answers every verb treats alike.
struct ControlAccess: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp(
            "Socket of the daemon; by default that of the service, or of the only one of the same user.",
            valueName: "PATH"),
        completion: .file())
    var control: String?

    private struct Refusal: Decodable {
        var error: String
    }

    /// Asks the daemon, and reads its answer.
    ///
    /// - Throws: as ``send(_:_:body:)``; `ExitCode` 74 when the answer is of another version of monitord.
    func ask<Answer: Decodable>(_ type: Answer.Type, _ target: String) async throws -> Answer {
        let body = try await send("GET", target)
        do {
            return try JSONDecoder().decode(type, from: Data(body.utf8))
        } catch {
            Start.say(
                "the daemon's answer is not understood; is it of another version than this program (\(Version.text))?")
            throw ExitCode(74)
        }
    }

    /// Asks the daemon.
    ///
    /// - Returns: the body of an answer that is no refusal.
    /// - Throws: `ExitCode` 69 when no daemon can be asked, 66 or 64 when it knows no such thing, 74 otherwise; it is told.
    func send(_ method: String, _ target: String, body: String = "") async throws -> String {
        do {
            let (status, body) = try await answer(method, target, body: body)
            guard status >= 400 else { return body }
            let refusal = try? JSONDecoder().decode(Refusal.self, from: Data(body.utf8))
            Start.say(refusal?.error ?? "monitord answers with \(status)")
            throw ExitCode(status == 404 ? 66 : status < 500 ? 64 : 74)
        } catch let absence as Absence {
            Start.say(absence.words)
            throw ExitCode(69)
        }
    }

    /// Asks the daemon for what another place may have as well.
    ///
    /// - Returns: `nil` when no daemon can be asked, or it has no such thing.
    func look(_ target: String) async -> String? {
        guard let (status, body) = try? await answer("GET", target), status < 400 else { return nil }
        return body
    }

    /// Why no daemon was asked.
    private struct Absence: Error {
        var words: String
    }

    /// Asks the daemon that is named, else that of the same user, else the only one that the user has started by flags alone,
    /// else the service.
    private func answer(_ method: String, _ target: String, body: String = "") async throws -> (
        status: Int, body: String
    ) {
        let isRoot = geteuid() == 0
        var places = control.map { [$0] } ?? ControlPath.candidates(environment: Start.environment, isRoot: isRoot)
        if control == nil {
            let own = Self.ownSockets(isRoot: isRoot)
            if own.count > 1, !(await Self.isOpen(places[0])) {
                throw Absence(
                    words: "\(own.count) monitords run: name one with --control\n  " + own.joined(separator: "\n  "))
            }
            places.insert(contentsOf: own, at: min(1, places.count))
        }
        var failure: ControlClient.Failure?
        for path in places {
            do throws(ControlClient.Failure) {
                return try await ControlClient(path: path).send(method, target, body: body)
            } catch {
                // The one that is there and refuses says more than the one that is not there.
                if failure == nil || !error.isAbsence { failure = error }
            }
        }
        throw Absence(
            words: "\(failure.map { "\($0)" } ?? "there is no place for a control socket: name one with --control")\n"
                + "is it running? systemctl status monitord; of one started by hand, name the socket with --control")
    }

    /// Whether somebody answers there.
    private static func isOpen(_ path: String) async -> Bool {
        (try? await ControlClient(path: path).send("GET", "/readyz")) != nil
    }

    /// Sockets of monitords that were started by flags alone, by the same user.
    private static func ownSockets(isRoot: Bool) -> [String] {
        guard let standard = ControlPath(environment: Start.environment, isRoot: isRoot)?.path,
            let slash = standard.lastIndex(of: "/")
        else { return [] }
        let folder = String(standard[..<slash])
        let files = (try? ConfigurationFiles.system.list(folder)) ?? []
        return files.sorted().map { "\(folder)/\($0)" }.filter { path in
            // Of one that was killed the file is still there.
            ControlPath.process(of: path).map { kill($0, 0) == 0 } ?? false
        }
    }
}
