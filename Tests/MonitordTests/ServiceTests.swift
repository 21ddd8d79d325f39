import Foundation
import TestSupport
import Testing

extension Tag {
    /// Takes more than a few seconds.
    @Tag static var slow: Self
}

/// The service manager's side of the protocol: a datagram socket that the daemon is told of.
private final class Manager {
    let path: String
    private let descriptor: Int32

    init(in directory: TemporaryDirectory) throws {
        path = directory.path("notify")
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        var place = sockaddr_un()
        place.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        try #require(bytes.count < 108)
        unsafe withUnsafeMutableBytes(of: &place.sun_path) { target in
            for (index, byte) in bytes.enumerated() { unsafe target[index] = byte }
        }
        // Both types begin alike, and the length is that of the one given.
        let bound = unsafe withUnsafePointer(to: &place) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(bound == 0)
    }

    deinit { close(descriptor) }

    /// Waits for the next message.
    func next() -> String {
        var buffer = [UInt8](repeating: 0, count: 4_096)
        let count = unsafe recv(descriptor, &buffer, buffer.count, 0)
        return String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
    }

    /// Waits for a message that begins like this, and returns it with those before it.
    func wait(for start: String) -> [String] {
        var messages: [String] = []
        while messages.last?.hasPrefix(start) != true { messages.append(next()) }
        return messages
    }
}

@Suite("service", .needsBinary) struct ServiceTests {
    private func start(_ text: String, _ directory: TemporaryDirectory, _ manager: Manager, watchdog: Int = 0) throws
        -> RunningCommand
    {
        let config = try directory.write(text, to: "m.toml")
        var environment = [
            "NOTIFY_SOCKET": manager.path, "STATE_DIRECTORY": directory.path("state"),
            "LOGS_DIRECTORY": directory.path("logs"),
        ]
        if watchdog > 0 { environment["WATCHDOG_USEC"] = String(watchdog) }
        return try RunningCommand(
            try #require(monitordBinary), ["run", "--config", config, "--no-journal"], environment: environment)
    }

    @Test func `the manager hears of start, life, reload and stop in order`() throws {
        let directory = try TemporaryDirectory()
        let manager = try Manager(in: directory)
        let data = try directory.write("", to: "a.csv")
        let text = "[[source]]\nfile = \"\(data)\"\n"
        let command = try start(text, directory, manager, watchdog: 400_000)
        #expect(manager.wait(for: "READY=1").contains { $0.hasPrefix("EXTEND_TIMEOUT_USEC=") })
        // Nothing is ever read: an idle daemon lives.
        for _ in 0..<3 { _ = manager.wait(for: "WATCHDOG=1") }

        _ = try directory.write(text + "[series.\"x*\"]\nfalse_alarms = \"2/day\"\n", to: "m.toml")
        command.signal(SIGHUP)
        let reloading = manager.wait(for: "RELOADING=1")
        #expect(reloading.last?.contains("\nMONOTONIC_USEC=") == true)
        #expect(manager.wait(for: "READY=1").last == "READY=1\nSTATUS=reloaded: 1 changes")

        _ = try directory.write("[[source]\n", to: "m.toml")
        command.signal(SIGHUP)
        _ = manager.wait(for: "RELOADING=1")
        #expect(manager.wait(for: "READY=1").last?.contains("STATUS=reload refused: ") == true)
        _ = manager.wait(for: "WATCHDOG=1")

        command.signal(SIGTERM)
        _ = manager.wait(for: "STOPPING=1")
        let result = command.finish()
        #expect(result.exitCode == 0, "\(result.errors)")
        #expect(result.errors.contains("reload: false_alarms of x*: not set -> 2/day"))
        #expect(result.errors.contains("reload refused: \(directory.path("m.toml")):1:"))
    }

    @Test func `a reload takes over sinks and new sources, and refuses what is learned`() throws {
        let directory = try TemporaryDirectory()
        let manager = try Manager(in: directory)
        let one = try directory.write("", to: "one.csv")
        let command = try start("[[source]]\nfile = \"\(one)\"\n", directory, manager)
        _ = manager.wait(for: "READY=1")
        let log = directory.path("elsewhere.jsonl")
        _ = try directory.write(
            """
            log = "\(log)"
            [[source]]
            file = "\(one)"
            interval = "1s"
            [[source]]
            file = "\(sample("pump.csv"))"
            [[source]]
            udp = "203.0.113.1:5140"
            """, to: "m.toml")
        command.signal(SIGHUP)
        let words = manager.wait(for: "READY=1").last
        #expect(words == "READY=1\nSTATUS=reloaded: 3 changes applied, 1 not, see the journal")
        let line = try #require(command.nextLine())
        #expect(line.contains("\"series\":\"pump\""))
        command.signal(SIGTERM)
        let result = command.finish()
        #expect(result.exitCode == 0, "\(result.errors)")
        #expect(result.errors.contains("error=cannot bind udp 203.0.113.1:5140"), "\(result.errors)")
        #expect(
            result.errors.contains(
                "warning: reload: interval of source \(one): not set -> 1s is not applied: what was learned rests on it"
            ))
        #expect(try String(contentsOfFile: log, encoding: .utf8).contains("\"series\":\"pump\""))
    }

    @Test func `a socket that it bound is given to the manager before it is ready`() throws {
        let directory = try TemporaryDirectory()
        let manager = try Manager(in: directory)
        let command = try start("[[source]]\nudp = \"127.0.0.1:0\"\n", directory, manager)
        let words = manager.wait(for: "READY=1")
        #expect(words.contains("FDSTORE=1\nFDNAME=udp-127.0.0.1-0"), "\(words)")
        command.signal(SIGTERM)
        #expect(command.finish().exitCode == 0)
    }

    private static let activator = "/usr/bin/systemd-socket-activate"

    @Test(.enabled(if: FileManager.default.fileExists(atPath: activator) || isContinuousIntegration, "no systemd"))
    func `handed a socket and a bad configuration it drains and waits for a better one`() throws {
        let directory = try TemporaryDirectory()
        let manager = try Manager(in: directory)
        let port = try freePort()
        let place = "udp = \"127.0.0.1:\(port)\"\n"
        let config = try directory.write("[[source]]\nchanels = [\"temp\"]\n" + place, to: "m.toml")
        let command = try RunningCommand(
            URL(fileURLWithPath: Self.activator),
            [
                "--datagram", "--listen=127.0.0.1:\(port)", "--setenv=NOTIFY_SOCKET", "--setenv=WATCHDOG_USEC",
                try #require(monitordBinary).path, "run", "--config", config, "--no-journal", "--log", "none",
            ], environment: ["NOTIFY_SOCKET": manager.path, "WATCHDOG_USEC": "200000"])
        while !command.errors.contains("Listening on") { sched_yield() }
        let sender = DatagramSender(port: port)
        for number in 0..<50 { sender.send("time=\(number) temp=\(number)\n") }
        let refused = "configuration refused: \(config):2:1: unknown key \"source.chanels\""
        #expect(manager.wait(for: "READY=1").last?.contains("STATUS=\(refused)") == true)
        try sender.waitUntilTaken()
        while !(manager.wait(for: "STATUS=").last ?? "").hasSuffix(", 50 datagrams thrown away") {}
        for _ in 0..<3 { _ = manager.wait(for: "WATCHDOG=1") }

        _ = try directory.write("[[source]\n", to: "m.toml")
        command.signal(SIGHUP)
        _ = manager.wait(for: "RELOADING=1")
        #expect(manager.wait(for: "READY=1").last?.contains("STATUS=configuration refused: ") == true)

        _ = try directory.write("[[source]]\n" + place, to: "m.toml")
        command.signal(SIGHUP)
        _ = manager.wait(for: "RELOADING=1")
        let words = manager.wait(for: "READY=1")
        #expect(words.last == "READY=1\nSTATUS=watching 1 sources")
        #expect(!words.contains { $0.hasPrefix("FDSTORE") }, "the socket is another's to keep")
        for number in 0..<100 { sender.send("time=\(1_792_000_000 + number) temp=\(number % 7)\n") }
        try sender.waitUntilTaken()

        // It is asked for reloads as ever.
        command.signal(SIGHUP)
        _ = manager.wait(for: "RELOADING=1")
        #expect(manager.wait(for: "READY=1").last == "READY=1\nSTATUS=reloaded: 0 changes")
        command.signal(SIGTERM)
        let result = command.finish()
        #expect(result.exitCode == 0, "\(result.errors)")
        #expect(result.errors.contains(refused), "\(result.errors)")
        #expect(result.errors.contains("udp.thrown_away=50"), "\(result.errors)")
        #expect(result.errors.contains("udp.datagrams=100"), "\(result.errors)")
    }

    @Test(.enabled(if: FileManager.default.fileExists(atPath: activator) || isContinuousIntegration, "no systemd"))
    func `handed a socket and a state that it cannot have it drains, and watches once a reload finds it free`() throws {
        let directory = try TemporaryDirectory()
        let manager = try Manager(in: directory)
        let port = try freePort()
        let state = directory.path("state")
        let owner = try RunningCommand(
            try #require(monitordBinary), ["--stdin", "--state", state, "--no-journal", "--log", "none"])
        while !owner.errors.contains("state in \(state)") { sched_yield() }
        // A file where the folder of the log would be: alerts wait in the state, which is no reason not to watch.
        let blocked = try directory.write("", to: "blocked")
        let source = "[[source]]\nudp = \"127.0.0.1:\(port)\"\n"
        let log = "log = \"\(blocked)/logs/alerts.jsonl\"\n"
        let config = try directory.write("state = \"\(state)\"\n" + log + source, to: "m.toml")
        let command = try RunningCommand(
            URL(fileURLWithPath: Self.activator),
            [
                "--datagram", "--listen=127.0.0.1:\(port)", "--setenv=NOTIFY_SOCKET", "--setenv=WATCHDOG_USEC",
                try #require(monitordBinary).path, "run", "--config", config, "--no-journal",
            ], environment: ["NOTIFY_SOCKET": manager.path, "WATCHDOG_USEC": "200000"])
        while !command.errors.contains("Listening on") { sched_yield() }
        let sender = DatagramSender(port: port)
        for number in 0..<50 { sender.send("time=\(number) temp=\(number)\n") }
        let inUse = "cannot start: state directory \(state) is in use by process "
        #expect(manager.wait(for: "READY=1").last?.contains("STATUS=\(inUse)") == true)
        try sender.waitUntilTaken()
        while !(manager.wait(for: "STATUS=").last ?? "").hasSuffix(", 50 datagrams thrown away") {}
        for _ in 0..<3 { _ = manager.wait(for: "WATCHDOG=1") }

        command.signal(SIGHUP)
        _ = manager.wait(for: "RELOADING=1")
        #expect(manager.wait(for: "READY=1").last?.contains("STATUS=\(inUse)") == true)

        // Another reason in its place: a folder that cannot be made.
        _ = try directory.write("state = \"\(blocked)/state\"\n" + log + source, to: "m.toml")
        command.signal(SIGHUP)
        _ = manager.wait(for: "RELOADING=1")
        let cannot = "STATUS=cannot start: cannot create \(blocked)/state: "
        #expect(manager.wait(for: "READY=1").last?.contains(cannot) == true)

        // Its end is not waited for: the activator closes what Foundation knows the end of a command by, and Foundation then
        // waits for that one first. Behind the end of its output the lock is free at any moment.
        owner.closeInput()
        while owner.nextLine() != nil {}
        _ = try directory.write("state = \"\(state)\"\n" + log + source, to: "m.toml")
        var words = ""
        repeat {
            command.signal(SIGHUP)
            _ = manager.wait(for: "RELOADING=1")
            words = manager.wait(for: "READY=1").last ?? ""
        } while words.contains(inUse)
        #expect(words == "READY=1\nSTATUS=watching 1 sources")
        for number in 0..<100 { sender.send("time=\(1_792_000_000 + number) temp=\(number % 7)\n") }
        try sender.waitUntilTaken()
        command.signal(SIGTERM)
        let result = command.finish()
        #expect(result.exitCode == 0, "\(result.errors)")
        #expect(result.errors.contains("it \(inUse)"), "\(result.errors)")
        #expect(result.errors.contains("the rolling log cannot be written"), "\(result.errors)")
        #expect(result.errors.contains("udp.thrown_away=50"), "\(result.errors)")
        #expect(result.errors.contains("udp.datagrams=100"), "\(result.errors)")
    }

    @Test(.enabled(if: FileManager.default.fileExists(atPath: activator) || isContinuousIntegration, "no systemd"))
    func `a socket that belongs to no source is closed, told and forgotten`() throws {
        let directory = try TemporaryDirectory()
        let manager = try Manager(in: directory)
        let port = try freePort()
        let data = try directory.write("", to: "a.csv")
        let config = try directory.write("[[source]]\nfile = \"\(data)\"\n", to: "m.toml")
        let command = try RunningCommand(
            URL(fileURLWithPath: Self.activator),
            [
                "--datagram", "--listen=127.0.0.1:\(port)", "--fdname=udp-old", "--setenv=NOTIFY_SOCKET",
                try #require(monitordBinary).path, "run", "--config", config, "--no-journal", "--log", "none",
            ], environment: ["NOTIFY_SOCKET": manager.path])
        while !command.errors.contains("Listening on") { sched_yield() }
        DatagramSender(port: port).send("x")
        #expect(manager.wait(for: "READY=1").contains("FDSTOREREMOVE=1\nFDNAME=udp-old"))
        // Nobody is there any more.
        let sender = DatagramSender(port: port)
        sender.send("x")
        #expect(!sender.send("x"))
        command.signal(SIGTERM)
        let result = command.finish()
        #expect(result.exitCode == 0, "\(result.errors)")
        #expect(result.errors.contains("belongs to no source: it is closed, socket.address=127.0.0.1:\(port)"))
    }

    @Test func `with flags alone a hang-up ends it in order`() throws {
        let command = try RunningCommand(
            try #require(monitordBinary), ["--stdin", "--no-journal", "--log", "none"])
        command.send(try String(contentsOfFile: sample("pump.csv"), encoding: .utf8))
        #expect(command.nextLine() != nil)
        command.signal(SIGHUP)
        // Its input is still open: only the signal can have ended it.
        #expect(command.finish(closingInput: false).exitCode == 0)
    }

    @Test(
        .enabled(
            if: !FileManager.default.fileExists(atPath: "/run/systemd/journal/socket"), "the machine has a journal"))
    func `without a journal socket alerts are written and nothing is lost`() throws {
        let directory = try TemporaryDirectory()
        let input = try Data(contentsOf: URL(fileURLWithPath: sample("pump.csv")))
        let result = try monitord(["--stdin", "--journal", "--log", directory.path("log")], input: input)
        #expect(result.exitCode == 0, "\(result.errors)")
        #expect(!result.errors.contains("not every alert is written"))
    }

    @Test func `with a configuration it ends in order when its terminal is gone`() throws {
        let directory = try TemporaryDirectory()
        let text = "log = \"none\"\njournal = false\n[[source]]\nfile = \"\(sample("pump.csv"))\"\n"
        let config = try directory.write(text, to: "m.toml")
        let binary = try #require(monitordBinary).path
        // `script` gives it a terminal, which goes when `script` is killed. `tail` waits for its end.
        let commands = """
            cd \(directory.url.path)
            script -qec "exec \(binary) run --config \(config) 2>errors" /dev/null </dev/null >/dev/null &
            terminal=$!
            timeout 20 tail -F errors 2>/dev/null | grep -q -m1 "reading input"
            child=$(pgrep -P $terminal)
            kill -KILL $terminal
            timeout 20 tail --pid=$child -f /dev/null
            cat errors
            """
        let result = try runCommand(URL(fileURLWithPath: "/bin/bash"), ["-c", commands])
        #expect(result.output.contains("stopped watching"), "\(result.output)\(result.errors)")
        #expect(!result.output.contains("reload"))
    }

    @Test(.tags(.slow)) func `a real systemd runs it as the unit says`() throws {
        let script = repositoryRoot.appending(path: "Tests/Scripts/service-systemd.sh").path
        let environment = isContinuousIntegration ? ["CI": "true"] : [:]
        let result = try runCommand(
            URL(fileURLWithPath: "/bin/bash"), [script, try #require(monitordBinary).path], environment: environment)
        if result.exitCode == 77 {
            withKnownIssue("this machine cannot boot a systemd of its own: \(result.output)") { Issue.record() }
            return
        }
        let failures = result.output.split(separator: "\n").filter { $0.hasPrefix("FAIL ") }
        #expect(failures.isEmpty, "\(result.output)\(result.errors)")
        #expect(result.exitCode == 0 && result.output.contains(" passed, 0 failed"), "\(result.output)")
    }
}
