import CLinux

/// How many cores the process may run on.
enum UsableCores {
    /// Most shards of a stream: beyond that the one task that hands lines out is what is waited for.
    private static let most = 8

    /// The cores that the scheduler lets it have (`taskset`, `CPUAffinity=`), at least 1 and at most 8.
    static let count = max(1, min(Int(monitord_usable_cores()), most))
}
