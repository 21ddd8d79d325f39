import Benchmark

//  What each part costs, alone, on one core: a file for each theme. `make bench` runs all of it and makes the table;
//  Benchmarks/README.md says how a single one is run.
//
//  The name of a benchmark is `theme: what, of what size [unit]`: the table has a section for each theme, and its figures
//  are for one unit.

/// Registers every benchmark; the plugin's own `main` calls it. Nothing is prepared before its benchmark runs: each runs in a
/// process of its own, in which all are registered.
let benchmarks: @Sendable () -> Void = {
    registerKernels()
    registerTraining()
    registerParsing()
    registerStream()
    registerWindow()
    registerCalibration()
    registerObserving()
    registerCommit()
    registerAlerts()
}

/// Numbers of channels that the work is measured at.
let channelCounts = [1, 8, 38]

/// `1 channel`, `8 channels`.
func channelsText(_ count: Int) -> String { count == 1 ? "1 channel" : "\(count) channels" }
