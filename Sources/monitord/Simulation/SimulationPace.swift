import Glibc
import TimeSeries

/// How fast rows leave.
enum SimulationPace: Equatable {
    /// As fast as they are read.
    case unbounded
    /// So many rows a second.
    case rate(Double)
    /// Each at its own time.
    case live

    /// Nanoseconds of a clock of the system.
    static func now(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        // Fills a struct of ours and cannot fail with the clocks used here.
        _ = unsafe clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    /// Sleeps until a time of a clock.
    static func sleep(until nanoseconds: Int64, _ clock: clockid_t) {
        var time = timespec()
        time.tv_sec = Int(nanoseconds / 1_000_000_000)
        time.tv_nsec = Int(nanoseconds % 1_000_000_000)
        // Reads a struct of ours; an interrupted sleep towards a fixed time is just begun again.
        while unsafe clock_nanosleep(clock, TIMER_ABSTIME, &time, nil) == EINTR {}
    }
}
