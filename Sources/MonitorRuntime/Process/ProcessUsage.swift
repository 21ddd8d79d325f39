import Glibc

/// What this process has used so far, as the kernel accounts it.
public struct ProcessUsage: Equatable, Sendable {
    /// Seconds of processor time, user and system, of all threads.
    public var cpuSeconds: Double
    /// Largest resident memory so far, in megabytes of 2^20 bytes.
    public var peakMegabytes: Double
    /// Seconds of the monotonic clock.
    public var seconds: Double

    /// Reads the figures.
    public static func now() -> ProcessUsage {
        var usage = rusage()
        // Both calls fill a struct of ours and cannot fail with these arguments.
        _ = unsafe getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        var clock = timespec()
        _ = unsafe clock_gettime(CLOCK_MONOTONIC, &clock)
        let cpu = usage.ru_utime.seconds + usage.ru_stime.seconds
        return ProcessUsage(
            cpuSeconds: cpu, peakMegabytes: Double(usage.ru_maxrss) / 1_024,
            seconds: Double(clock.tv_sec) + Double(clock.tv_nsec) / 1e9)
    }
}

extension timeval {
    fileprivate var seconds: Double { Double(tv_sec) + Double(tv_usec) / 1e6 }
}
