import TimeSeries

/// What of a stored stream is in another form than this version's and so begins anew, gathered over all its series: it is said
/// once, not once for each of them.
struct FormatChanges {
    /// Parts in the order in which they were met, with the number of series; 0 for what is the stream's own.
    private var parts: [(name: String, series: Int)] = []
    private var unusable: [(series: String, error: StateCodingError)] = []
    private var usable = 0

    /// Begins with the parts of the stream's header.
    init(header: [String]) { note(header) }

    /// Takes note of parts that begin anew.
    ///
    /// - Parameter ofSeries: whether they are those of one series.
    mutating func note(_ names: [String], ofSeries: Bool = false) {
        usable += ofSeries ? 1 : 0
        for name in names {
            if let index = parts.firstIndex(where: { $0.name == name }) {
                parts[index].series += ofSeries ? 1 : 0
            } else {
                parts.append((name, ofSeries ? 1 : 0))
            }
        }
    }

    /// Takes note of a series of which nothing can be used.
    mutating func note(_ series: String, _ error: StateCodingError) { unusable.append((series, error)) }

    /// Why no series at all can be used; `nil` when one can.
    var errorOfAll: StateCodingError? { usable == 0 ? unusable.first?.error : nil }

    /// What is to be said, in lines.
    func texts(of stream: String) -> [String] {
        var texts = parts.map { part in
            let of = part.series == 0 ? stream : "\(part.series) series of \(stream)"
            return "this version stores \(part.name) of \(of) differently: learned anew, the rest goes on"
        }
        if let first = unusable.first {
            let others = unusable.count == 1 ? "" : " and \(unusable.count - 1) more"
            texts.append(
                "the state of series \(first.series)\(others) of \(stream) cannot be used: \(first.error); learned anew, the "
                    + "other series go on")
        }
        return texts
    }
}
