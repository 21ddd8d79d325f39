/// The one line that comes out.
struct Report {
    var name: String
    var samples: Int
    var bytes: Int
    var seconds: Double
    var processorSeconds: Double

    /// One JSON object. Megabytes of bytes are 10^6, those of memory 2^20, as the scripts that read it have them.
    var line: String {
        let escaped = name.map { $0 == "\"" || $0 == "\\" ? "\\\($0)" : String($0) }.joined()
        return "{\"name\":\"\(escaped)\",\"samples\":\(samples),\"seconds\":\(Self.short(seconds)),"
            + "\"cpu_seconds\":\(Self.short(processorSeconds)),\"samples_per_s\":\(rate(seconds)),"
            + "\"samples_per_cpu_s\":\(rate(processorSeconds)),"
            + "\"mb_per_cpu_s\":\(Self.short(processorSeconds > 0 ? Double(bytes) / 1e6 / processorSeconds : 0)),"
            + "\"rss_mb\":\(Self.short(ProcessCost.peakMegabytes()))}"
    }

    private func rate(_ seconds: Double) -> Int { seconds > 0 ? Int((Double(samples) / seconds).rounded()) : 0 }

    private static func short(_ number: Double) -> Double { (number * 10_000).rounded() / 10_000 }
}
