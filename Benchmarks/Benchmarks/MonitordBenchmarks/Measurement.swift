import AllocationCounter
import Benchmark
import Glibc

/// What one run of a benchmark got through.
struct Amount {
    /// Steps, lines, samples: the unit that the benchmark's name ends with.
    var units: Int
    /// Bytes taken in or written; 0 where there are none to speak of.
    var bytes = 0
}

/// Whether work may call malloc once it is warm.
enum Allocations {
    /// A contract: one call fails `make bench`.
    case none
    /// They are counted and shown.
    case counted
}

/// What is kept of every run; totals, which the table divides by the units.
enum Figures {
    static let units = BenchmarkMetric.custom("units", polarity: .prefersLarger, useScalingFactor: false)
    static let bytes = BenchmarkMetric.custom("bytes", polarity: .prefersLarger, useScalingFactor: false)
    /// Nanoseconds, user and system, of all threads. The package's own figure comes in steps of 10 ms.
    static let processor = BenchmarkMetric.custom("processor ns", polarity: .prefersSmaller, useScalingFactor: false)
    static let allocations = BenchmarkMetric.custom("mallocs", polarity: .prefersSmaller, useScalingFactor: false)
    /// 1 where calls of malloc are forbidden: the table fails by them. (A benchmark's own error would drop its figures, and
    /// the plugin ends well all the same.)
    static let guarded = BenchmarkMetric.custom("guarded", polarity: .prefersLarger, useScalingFactor: false)
    static let all: [BenchmarkMetric] = [
        .wallClock, .throughput, units, bytes, processor, allocations, guarded,
    ]
}

/// What was used up between two moments.
private struct Usage {
    var nanoseconds: Int
    var allocations: Int

    static func now() -> Usage {
        var clock = timespec()
        let allocations = Int(allocation_count())
        // Fills a struct of ours and cannot fail with this clock.
        _ = unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &clock)
        return Usage(nanoseconds: Int(clock.tv_sec) * 1_000_000_000 + Int(clock.tv_nsec), allocations: allocations)
    }
}

extension Benchmark {
    /// Runs before it counts: caches fill, buffers grow.
    private static let warmUpRuns = 3

    fileprivate static var configuration: Configuration {
        Configuration(
            metrics: Figures.all, warmupIterations: warmUpRuns, maxDuration: .seconds(1), maxIterations: 1_000)
    }

    fileprivate func note(_ amount: Amount, from before: Usage, to after: Usage, _ rule: Allocations) {
        measurement(Figures.units, amount.units)
        measurement(Figures.bytes, amount.bytes)
        measurement(Figures.processor, after.nanoseconds - before.nanoseconds)
        measurement(Figures.allocations, after.allocations - before.allocations)
        measurement(Figures.guarded, rule == .none ? 1 : 0)
    }
}

/// Holds what a benchmark works on: made by its first run, changed by every one.
private final class Holder<State> {
    var state: State?
}

/// Registers a benchmark.
///
/// - Parameters:
///   - name: see Benchmarks.swift.
///   - allocations: the rule for calls of malloc after the first runs.
///   - setUp: makes what is worked on, when the benchmark is first run.
///   - run: the measured work.
func measure<State>(
    _ name: String, _ allocations: Allocations, setUp: @escaping () throws -> State,
    run: @escaping (inout State) throws -> Amount
) {
    let holder = Holder<State>()
    Benchmark(name, configuration: Benchmark.configuration) { benchmark in
        // Taken out for the run: a single owner, and no check of access for each of a million steps.
        var state = try holder.state.take() ?? setUp()
        benchmark.startMeasurement()
        let before = Usage.now()
        let amount = try run(&state)
        let after = Usage.now()
        benchmark.stopMeasurement()
        holder.state = consume state
        benchmark.note(amount, from: before, to: after, allocations)
    }
}

/// Registers a benchmark of work that waits for others: threads, actors, the disk.
///
/// - Parameter prepare: what every run needs first, not measured.
func measureWaiting<State>(
    _ name: String, setUp: @escaping () async throws -> State,
    prepare: @escaping (State) async throws -> Void = { _ in },
    run: @escaping (State) async throws -> Amount
) {
    let holder = Holder<State>()
    var configuration = Benchmark.configuration
    // Given up before the process ends, and with it the folder that it may have.
    configuration.teardown = { holder.state = nil }
    Benchmark(name, configuration: configuration) { benchmark in
        if holder.state == nil { holder.state = try await setUp() }
        guard let state = holder.state else { return }
        try await prepare(state)
        benchmark.startMeasurement()
        let before = Usage.now()
        let amount = try await run(state)
        let after = Usage.now()
        benchmark.stopMeasurement()
        benchmark.note(amount, from: before, to: after, .counted)
    }
}
