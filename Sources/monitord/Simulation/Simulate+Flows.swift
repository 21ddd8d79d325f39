import ArgumentParser
import MonitorRuntime
import TimeSeries

/// What `--kind` accepts.
enum SimulatedKind: String, CaseIterable, ExpressibleByArgument {
    case pump
    case boiler
    case motor
    case generic
    case flows

    /// The machine; `nil` of the traffic of a network.
    var machine: SimulatedMachine? { SimulatedMachine(rawValue: rawValue) }
}

extension Simulate {
    /// The options of `--kind flows`, checked and put together.
    ///
    /// - Throws: ``ArgumentProblem`` for the first that cannot be used.
    func flowRequest() throws(ArgumentProblem) -> FlowSimulationRequest {
        let others: [(isGiven: Bool, name: String)] = [
            (series != 1, "--series \(series)"), (channels != nil, "--channels"),
            (interval != "1s", "--interval \(interval)"),
            (format != nil, "--format"), (time != nil, "--time"), (gaps != "1+5min", "--gaps \(gaps)"),
            (missing != 0.0002, "--missing \(missing)"), (maintenance != "14d+45min", "--maintenance \(maintenance)"),
            (live, "--live"), (udp != nil, "--udp"),
        ]
        if let other = others.first(where: \.isGiven) {
            throw ArgumentProblem(
                argument: other.name, reason: "--kind flows writes lines of Zeek's conn.log and has no such choice")
        }
        let zone = try civilZone()
        try checkOutput()
        let count = hosts ?? 50
        try within(SimulatedNetwork.fewestHosts...10_000, count, "--hosts")
        let begin = try beginning(zone, 1_000_000)
        var anomalies: [AnomalyRequest<FlowAnomalyKind>] = []
        for text in anomaly { anomalies.append(try AnomalyRequest(text, start: begin, zone: zone)) }
        return FlowSimulationRequest(
            hostCount: count, start: begin, length: try duration(duration ?? "30d", "--duration"), zone: zone,
            anomalies: anomalies, seed: seed, rate: rate > 0 ? rate : nil)
    }

    /// Writes the traffic and says what was written.
    func runFlows() throws -> String {
        var simulation = try FlowSimulation(try flowRequest(), output: .standardOutput(), labelsPath: labels)
        let summary = try simulation.run()
        let kinds = FlowAnomalyKind.allCases.compactMap { kind in
            summary.anomalies[kind].map { "\($0) \(kind.rawValue)" }
        }
        let total = summary.anomalies.values.reduce(0, +)
        var text =
            "\(counted(summary.flows, "connection")) of \(counted(summary.hostCount, "host")) (flows, seed \(seed))"
        text += "; \(total == 0 ? "no anomalies" : counted(total, "anomaly", "anomalies")) planted"
        if !kinds.isEmpty { text += ": " + kinds.joined(separator: ", ") }
        if let labels { text += "; labels in \(labels)" }
        return text
    }
}
