import ArgumentParser
import Glibc
import MonitorRuntime
import TimeSeries

/// `monitord simulate`.
struct Simulate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write the sensor stream of a machine that does not exist, with planted faults and where they are.",
        discussion: """
            For trying monitord without a plant, and for measuring what it finds. The stream has what real ones have: \
            a day and a week in local time, slow drift, maintenance, changing noise, gaps, and sensors of limited \
            resolution. The same options and seed give the same bytes on any machine.

              monitord simulate --anomaly temp.step:40@5h | monitord --stdin
              monitord simulate --kind motor --live | monitord --stdin
              monitord simulate --kind boiler --anomaly all/2 --labels truth.csv > b.csv

            An anomaly is [CHANNEL.]KIND[:SIZE][@TIME|/PER-DAY][+DURATION]. With several series, each has its own.
              spike, step, drift  SIZE is in standard deviations of the noise
              stuck               one value is shown again and again; no SIZE
              noise               SIZE is the factor on the channel's noise
              dropout             SIZE is the share of cells missing, up to 1
              phase               SIZE is in hours; all channels live ahead
              correlation         SIZE 1 follows no longer, 2 goes against
              all                 any of these; no SIZE
            TIME is a date and time (local, or with Z) or the time since the start, such as 36h; what is behind a + is how \
            long it lasts: @82h+30min begins after 82 hours. Without either, one a day is planted.

            The kind flows is the traffic of an office with a plant, as lines of Zeek's conn.log by the ends of \
            connections. Its anomalies are of hosts: [HOST.]KIND… with the host's address. PER-DAY is of the network.
              scan, sweep         SIZE is ports of one host, or hosts tried on one port, a minute
              flood               SIZE is connections to one host a minute
              exfiltration        SIZE is kilobytes a second
              beacon              SIZE is seconds between calls
              silence, outage     SIZE is the share of its connections that is not made, or that it does not answer

              monitord simulate --kind flows --hosts 200 --duration 14d --anomaly scan/2 --labels truth.csv > conn.log

            --labels writes series,channel,kind,size,from,until: from is the first row touched, until the first that \
            no longer is. Maintenance is listed there too, as the kind maintenance.
            """)

    @Option(name: .long, help: ArgumentHelp("The machine, or flows: the traffic of a network.", valueName: "KIND"))
    var kind: SimulatedKind = .pump

    @Option(name: .long, help: ArgumentHelp("How many such machines, 1 to 10000.", valueName: "N"))
    var series = 1

    @Option(
        name: .long, help: ArgumentHelp("Hosts of the kind flows, 10 to 10000 (default: 50).", valueName: "N"))
    var hosts: Int?

    @Option(name: .long, help: ArgumentHelp("Channels of the kind generic, 1 to 1000 (default: 6).", valueName: "N"))
    var channels: Int?

    @Option(
        name: .long,
        help: ArgumentHelp("Length of the stream (default: 30d; without end with --live).", valueName: "TIME"))
    var duration: String?

    @Option(name: .long, help: ArgumentHelp("Time between rows, 1ms to 1d.", valueName: "TIME"))
    var interval = "1s"

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Time of the first row, local unless it has a zone (default: 2026-03-15T00:00:00).", valueName: "TIME"))
    var start: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Whose day and week the machine lives by: a name such as Europe/Berlin, UTC, or an offset such as +01:00.",
            valueName: "ZONE"))
    var timezone = "UTC"

    @Option(
        name: .long,
        help: ArgumentHelp(
            "How times are written: iso (UTC with Z), local (without a zone) or epoch (seconds) (default: iso; influx has its own).",
            valueName: "FORM"))
    var time: SimulatedTimeForm?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "How rows are written: csv, jsonl, influx (line protocol) or long (a line for each cell) (default: csv; jsonl with --udp).",
            valueName: "NAME"))
    var format: SimulatedFormat?

    @Option(name: .long, help: ArgumentHelp("Plant an anomaly; may be given several times.", valueName: "ANOMALY"))
    var anomaly: [String] = []

    @Option(
        name: .long, help: ArgumentHelp("Write where the anomalies are (CSV).", valueName: "FILE"), completion: .file())
    var labels: String?

    @Option(name: .long, help: ArgumentHelp("Another number is another stream.", valueName: "N"))
    var seed: UInt64 = 1

    @Option(
        name: .long,
        help: ArgumentHelp("Gaps a day in which rows are missing, and the longest; 0 for none.", valueName: "N[+TIME]"))
    var gaps = "1+5min"

    @Option(name: .long, help: ArgumentHelp("Share of single cells that are missing, 0 to 0.5.", valueName: "SHARE"))
    var missing = 0.0002

    @Option(
        name: .long,
        help: ArgumentHelp(
            "How often the machine is off for maintenance (whole days) and how long; none for never.",
            valueName: "TIME[+TIME]"))
    var maintenance = "14d+45min"

    @Option(name: .long, help: ArgumentHelp("Rows a second; 0 is as fast as they are read.", valueName: "R"))
    var rate = 0.0

    @Flag(name: .long, help: "Begin now and write each row at its time.")
    var live = false

    @Option(
        name: .long, help: ArgumentHelp("Send each row as a datagram instead of writing it.", valueName: "ADDR:PORT"))
    var udp: String?

    func run() throws {
        // A reader that goes away is the end of the stream, not of the process.
        signal(SIGPIPE, SIG_IGN)
        do {
            guard let machine = kind.machine else {
                Start.say(try runFlows())
                return
            }
            let request = try request(machine)
            var output = SimulationOutput.standardOutput()
            if let udp {
                guard let socket = try SimulationOutput.datagrams(to: udp) else {
                    throw ArgumentProblem(
                        argument: "--udp \(udp)",
                        reason: "accepted is an address with a port, such as 127.0.0.1:5140 or [::1]:5140")
                }
                output = socket
            }
            let pace: SimulationPace = live ? .live : rate > 0 ? .rate(rate) : .unbounded
            let simulation = Simulation(
                request: request, pace: pace, output: output, isDatagram: udp != nil, labelsPath: labels)
            Start.say(sentence(try simulation.run()))
        } catch let problem as ArgumentProblem {
            Start.say("\(problem). monitord simulate --help explains")
            throw ExitCode(64)
        } catch let error as SimulationOutputError {
            Start.say("\(error)")
            if case .cannotCreate = error { throw ExitCode(73) }
            throw ExitCode(74)
        }
    }

    private func sentence(_ summary: Simulation.Summary) -> String {
        let total = summary.anomalies.values.reduce(0, +)
        var text =
            "\(counted(summary.rows, "row")) of \(counted(summary.channelCount, "channel")) (\(kind.rawValue), seed \(seed))"
        text += "; \(total == 0 ? "no anomalies" : counted(total, "anomaly", "anomalies")) planted"
        let kinds = AnomalyKind.allCases.compactMap { kind in summary.anomalies[kind].map { "\($0) \(kind)" } }
        if !kinds.isEmpty { text += ": " + kinds.joined(separator: ", ") }
        if summary.maintenanceCount > 0 {
            text += "; \(counted(summary.maintenanceCount, "maintenance period"))"
        }
        if summary.rowsInGaps > 0 { text += "; \(counted(summary.rowsInGaps, "row")) left out in gaps" }
        if let labels { text += "; labels in \(labels)" }
        return text
    }

    func counted(_ number: Int, _ one: String, _ more: String? = nil) -> String {
        "\(number) \(number == 1 ? one : more ?? one + "s")"
    }
}

extension SimulatedFormat: ExpressibleByArgument {}
extension SimulatedTimeForm: ExpressibleByArgument {}
