import Glibc
import Ingest
import MonitorRuntime
import TimeSeries

extension Simulate {
    /// The options, checked and put together.
    ///
    /// - Throws: ``ArgumentProblem`` for the first that cannot be used.
    func request(_ machine: SimulatedMachine) throws(ArgumentProblem) -> SimulationRequest {
        let zone = try civilZone()
        if let hosts {
            throw ArgumentProblem(argument: "--hosts \(hosts)", reason: "only --kind flows has hosts")
        }
        try within(1...10_000, series, "--series")
        if let channels {
            guard kind == .generic else {
                throw ArgumentProblem(
                    argument: "--channels \(channels)", reason: "only --kind generic has a choice of channels")
            }
            try within(1...1_000, channels, "--channels")
        }
        let step = try duration(interval, "--interval")
        guard step <= 86_400_000_000_000 else {
            throw ArgumentProblem(argument: "--interval \(interval)", reason: "accepted is 1ms to 1d")
        }
        let begin = try beginning(zone, step)
        var rowCount: Int?
        if duration != nil || !live {
            let length = try duration(duration ?? "30d", "--duration")
            rowCount = max(1, Int(length / step))
        }
        if live, rate != 0 {
            throw ArgumentProblem(argument: "--rate \(rate)", reason: "--live has its own pace, the interval")
        }
        guard missing >= 0, missing <= 0.5 else {
            throw ArgumentProblem(argument: "--missing \(missing)", reason: "accepted is a share from 0 to 0.5")
        }
        try checkOutput()
        let format = format ?? (udp == nil ? .csv : .jsonl)
        if format == .influx, let time, time != .epoch {
            throw ArgumentProblem(
                argument: "--time \(time.rawValue)", reason: "influx has times in nanoseconds since 1970 only")
        }
        var anomalies: [AnomalyRequest<AnomalyKind>] = []
        for text in anomaly { anomalies.append(try AnomalyRequest(text, start: begin, zone: zone)) }
        let gaps = try gapOption()
        return SimulationRequest(
            machine: machine, seriesCount: series, channelCount: channels ?? 6, rowCount: rowCount, interval: step,
            start: begin, zone: zone, timeForm: time ?? .iso, format: format, anomalies: anomalies, seed: seed,
            gapsPerDay: gaps.perDay, longestGap: gaps.longest, missingShare: missing,
            maintenance: try maintenanceOption())
    }

    /// Where the clock on the wall stands.
    func civilZone() throws(ArgumentProblem) -> CivilZone {
        do {
            return try CivilZone(named: timezone, SystemTimeZones(environment: Start.environment))
        } catch {
            throw ArgumentProblem(
                argument: "--timezone \(timezone)",
                reason: "\(error); accepted are names such as Europe/Berlin, UTC and fixed offsets such as +01:00")
        }
    }

    /// Checks what says how, and where, is written.
    func checkOutput() throws(ArgumentProblem) {
        guard rate >= 0, rate.isFinite else {
            throw ArgumentProblem(argument: "--rate \(rate)", reason: "accepted are rows a second, or 0 for no bound")
        }
        if labels == "-" {
            throw ArgumentProblem(argument: "--labels -", reason: "standard output carries the rows; name a file")
        }
    }

    func within(_ range: ClosedRange<Int>, _ value: Int, _ name: String) throws(ArgumentProblem) {
        guard range.contains(value) else {
            throw ArgumentProblem(
                argument: "\(name) \(value)", reason: "accepted is \(range.lowerBound) to \(range.upperBound)")
        }
    }

    func duration(_ text: String, _ name: String) throws(ArgumentProblem) -> Int64 {
        guard let value = ArgumentText.duration(text) else {
            throw ArgumentProblem(argument: "\(name) \(text)", reason: "accepted is \(ArgumentText.durationForms)")
        }
        return value
    }

    func beginning(_ zone: CivilZone, _ step: Int64) throws(ArgumentProblem) -> Timestamp {
        if live {
            if let start {
                throw ArgumentProblem(argument: "--start \(start)", reason: "--live begins now")
            }
            // The next whole multiple of the interval, so that rows fall on round times.
            return Timestamp(nanoseconds: (SimulationPace.now(CLOCK_REALTIME) / step + 1) * step)
        }
        let text = start ?? "2026-03-15T00:00:00"
        guard let instant = ArgumentText.instant(text, zone: zone) else {
            throw ArgumentProblem(argument: "--start \(text)", reason: "accepted are \(ArgumentText.instantForms)")
        }
        // A hundred years, the longest duration, must end within the range of times.
        guard instant.nanoseconds >= -2_208_988_800_000_000_000, instant.nanoseconds < 4_102_444_800_000_000_000 else {
            throw ArgumentProblem(argument: "--start \(text)", reason: "accepted are the years 1900 to 2099")
        }
        return instant
    }

    private func gapOption() throws(ArgumentProblem) -> (perDay: Double, longest: Int64) {
        if gaps == "none" { return (0, 1) }
        let parts = gaps.split(separator: "+", maxSplits: 1, omittingEmptySubsequences: false)
        let longest = parts.count > 1 ? ArgumentText.duration(parts[1]) : 300_000_000_000
        guard let first = parts.first, let perDay = Double(first), perDay >= 0, perDay <= 1_000, let longest,
            longest <= 86_400_000_000_000
        else {
            throw ArgumentProblem(
                argument: "--gaps \(gaps)",
                reason:
                    "accepted is a number a day, 0 to 1000, and the longest, at most 1d: 2+10min; 0 or none for none")
        }
        return (perDay, longest)
    }

    private func maintenanceOption() throws(ArgumentProblem) -> Maintenance? {
        if maintenance == "none" { return nil }
        let parts = maintenance.split(separator: "+", maxSplits: 1, omittingEmptySubsequences: false)
        let day: Int64 = 86_400_000_000_000
        let length = parts.count > 1 ? ArgumentText.duration(parts[1]) : 2_700_000_000_000
        guard let first = parts.first, let every = ArgumentText.duration(first), every % day == 0, let length,
            length <= Maintenance.longest
        else {
            throw ArgumentProblem(
                argument: "--maintenance \(maintenance)",
                reason: "accepted are whole days and a length of at most 12h: 14d+45min; none for never")
        }
        return Maintenance(every: Int(every / day), length: length)
    }
}
