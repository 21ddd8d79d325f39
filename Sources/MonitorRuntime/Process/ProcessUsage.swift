import Glibc

/// What this process has used so far, as the kernel accounts it.
public struct ProcessUsage: Equatable, Sendable {
    /// Seconds of processor time, user and system, of all threads.
    public var cpuSeconds: Double
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
            cpuSeconds: cpu, seconds: Double(clock.tv_sec) + Double(clock.tv_nsec) / 1e9)
    }

    /// Largest resident memory so far, in megabytes of 2^20 bytes; 0 when the kernel does not say.
    ///
    /// `getrusage` is not asked: its figure begins with the size of the process that started this one.
    public static func peakMegabytes() -> Double { Double(kibibytes(of: "VmHWM:") ?? 0) / 1_024 }

    /// Resident memory now, in bytes; 0 when the kernel does not say.
    public static func residentBytes() -> Int { (kibibytes(of: "VmRSS:") ?? 0) * 1_024 }

    private static func kibibytes(of field: String) -> Int? {
        // The path is a constant, and the bytes are ours.
        let descriptor = unsafe open("/proc/self/status", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 1 << 14)
        let count = unsafe read(descriptor, &bytes, bytes.count)
        let text = String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
        let line = text.split(separator: "\n").first { $0.hasPrefix(field) }
        return line?.split { !("0"..."9").contains($0) }.first.flatMap { Int($0) }
    }
}

extension timeval {
    fileprivate var seconds: Double { Double(tv_sec) + Double(tv_usec) / 1e6 }
}
