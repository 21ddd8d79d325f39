import Glibc

/// What this process has used so far.
struct ProcessCost {
    /// Seconds of the monotonic clock.
    var seconds: Double
    /// Seconds of processor time, user and system, of all threads.
    var processorSeconds: Double

    static func now() -> ProcessCost {
        ProcessCost(seconds: read(CLOCK_MONOTONIC), processorSeconds: read(CLOCK_PROCESS_CPUTIME_ID))
    }

    private static func read(_ clock: clockid_t) -> Double {
        var time = timespec()
        // Fills a struct of ours and cannot fail with these clocks.
        _ = unsafe clock_gettime(clock, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    /// Largest resident memory so far, in megabytes of 2^20 bytes; 0 when the kernel does not say.
    ///
    /// Not of `getrusage`: its figure begins with the size of the process that started this one.
    static func peakMegabytes() -> Double {
        // The path is a constant, and the bytes are ours.
        let descriptor = unsafe open("/proc/self/status", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return 0 }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 1 << 14)
        let count = unsafe Glibc.read(descriptor, &bytes, bytes.count)
        let text = String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
        let line = text.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        let kibibytes = line?.split { !("0"..."9").contains($0) }.first.flatMap { Double($0) }
        return (kibibytes ?? 0) / 1_024
    }
}
