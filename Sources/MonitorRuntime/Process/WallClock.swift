import Glibc
public import TimeSeries

/// What is read of the machine at the edge: the time of day and the host's name.
public enum WallClock {
    /// Now, at UTC.
    public static func now() -> Timestamp {
        var time = timespec()
        // Fills a struct of ours and cannot fail with this clock.
        _ = unsafe clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
    }

    /// The host's name; `localhost` when it has none.
    static func hostName() -> String {
        var bytes = [CChar](repeating: 0, count: 256)
        // One byte is kept for the end of the text, which gethostname may leave out.
        guard unsafe gethostname(&bytes, bytes.count - 1) == 0 else { return "localhost" }
        let name = String(decoding: bytes.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        return name.isEmpty ? "localhost" : name
    }
}
