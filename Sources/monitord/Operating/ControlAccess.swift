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
            "Socket of the daemon; by default that of the service, or of the same user.", valueName: "PATH"),
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
        let places =
            control.map { [$0] }
            ?? ControlPath.candidates(environment: Start.environment, isRoot: geteuid() == 0)
        var failure: ControlClient.Failure?
        for path in places {
            do {
                let (status, body) = try await ControlClient(path: path).send(method, target, body: body)
                guard status >= 400 else { return body }
                let refusal = try? JSONDecoder().decode(Refusal.self, from: Data(body.utf8))
                Start.say(refusal?.error ?? "monitord answers with \(status)")
                throw ExitCode(status == 404 ? 66 : status < 500 ? 64 : 74)
            } catch let error as ControlClient.Failure {
                // The one that is there and refuses says more than the one that is not there.
                if failure == nil || !error.isAbsence { failure = error }
            }
        }
        Start.say("\(failure.map { "\($0)" } ?? "there is no place for a control socket: name one with --control")")
        Start.say(
            "is it running? systemctl status monitord; started by hand, its socket is what the key `control` says")
        throw ExitCode(69)
    }
}
