import Foundation
import TestSupport
import Testing

/// A CSV stream that `monitord simulate` wrote, with its labels.
struct SimulatedStream {
    /// One line of the ground truth.
    struct Label {
        var series: String
        var channel: String
        var kind: String
        var size: Double?
        var from: Double
        var until: Double
    }

    var header: [String] = []
    /// The cells of each row by its time in seconds, the time itself left out.
    var rows: [Double: [String]] = [:]
    var times: [Double] = []
    var labels: [Label] = []
    var message = ""

    /// Runs `simulate` with the arguments and reads what it wrote.
    init(_ arguments: [String]) throws {
        let directory = try TemporaryDirectory()
        let path = directory.path("labels")
        let result = try monitord(["simulate", "--labels", path, "--time", "epoch"] + arguments)
        try #require(result.exitCode == 0, "\(result.errors)")
        message = result.errors
        for line in result.output.split(separator: "\n") {
            let cells = line.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
            if header.isEmpty {
                header = cells.dropFirst().map { String($0.prefix { $0 != " " }) }
                continue
            }
            let time = try #require(Double(cells[0]))
            times.append(time)
            rows[time] = Array(cells.dropFirst())
        }
        for line in try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").dropFirst() {
            let cells = line.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
            labels.append(
                Label(
                    series: cells[0], channel: cells[1], kind: cells[2], size: Double(cells[3]),
                    from: try Self.seconds(cells[4]), until: try Self.seconds(cells[5])))
        }
    }

    /// The values of a channel with their times, in a span of time.
    func values(_ channel: String, from: Double = -.infinity, until: Double = .infinity) throws -> [Double: Double] {
        let index = try #require(header.firstIndex(of: channel))
        var values: [Double: Double] = [:]
        for (time, cells) in rows where time >= from && time < until { values[time] = Double(cells[index]) }
        return values
    }

    private static func seconds(_ text: String) throws -> Double {
        try #require(ISO8601DateFormatter().date(from: text)).timeIntervalSince1970
    }
}

/// The mean of some numbers.
func mean(_ numbers: some Collection<Double>) -> Double { numbers.reduce(0, +) / Double(numbers.count) }

/// The standard deviation of some numbers.
func deviation(_ numbers: some Collection<Double>) -> Double {
    let middle = mean(numbers)
    return mean(numbers.map { ($0 - middle) * ($0 - middle) }).squareRoot()
}
