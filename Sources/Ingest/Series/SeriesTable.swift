import TimeSeries

/// The series that lines of one stream named, in order of their admission.
///
/// Looking a key up allocates nothing; the key that followed this one last time is tried first, because devices tend to
/// report in turn. A key that is no series yet is counted (``SeriesAdmission``).
struct SeriesTable: Sendable {
    /// Longest name in bytes.
    static let longestName = 256
    /// The index of a key that is no series yet.
    static let counted: Int32 = -1

    /// The names.
    private(set) var names: [String] = []
    /// The group of each series.
    private(set) var groups: [Int32] = []
    /// Keys that are no series yet.
    private(set) var candidates = SeriesCandidates()
    /// The key of the last record that was only counted.
    private(set) var countedKey: [UInt8] = []
    /// Records that were only counted.
    private(set) var countedRecords: UInt64 = 0
    /// Records that were only counted because there was no room for another series.
    private(set) var refusedRecords: UInt64 = 0
    /// Number of channels of each group, for the memory that a series takes.
    var channelsOfGroups: [Int] = []
    private let admission: SeriesAdmission
    /// The names' bytes, one after another, and where each ends: lists of their own would each be a place to wait for.
    private var text: [UInt8] = []
    private var ends: [Int] = []
    private var indexOfHash: [UInt64: Int32] = [:]
    private var last = 0

    /// Creates a table that knows these names already.
    ///
    /// - Parameter groups: the group of each name; all of the first when empty.
    init(
        _ names: [String], groups: [Int32] = [], candidates: SeriesCandidates? = nil,
        admission: SeriesAdmission = .atOnce
    ) {
        self.admission = admission
        if let candidates { self.candidates = candidates }
        for (index, name) in names.enumerated() {
            insert(Array(name.utf8), name, group: groups.indices.contains(index) ? groups[index] : 0)
        }
    }

    /// The index of the series a range of bytes names, ``counted`` when it is no series yet; `nil` when the name is empty
    /// or too long.
    ///
    /// - Parameter group: the group of the series if this is its first record.
    mutating func index(_ line: Span<UInt8>, _ range: Range<Int>, group: Int32 = 0) -> Int32? {
        guard !range.isEmpty, range.count <= Self.longestName else { return nil }
        if isName(following, line, range) { last = following }
        if isName(last, line, range) { return Int32(last) }
        let base = Self.hash(line, range)
        var hash = base
        while let found = indexOfHash[hash] {
            if isName(Int(found), line, range) {
                last = Int(found)
                return found
            }
            hash &+= 1
        }
        return newcomer(line.extracting(range), hash: splitMix(base), group: group)
    }

    /// The index of a series that is there, without counting anybody.
    func known(_ key: Span<UInt8>) -> Int32? {
        var hash = Self.hash(key, 0..<key.count)
        while let found = indexOfHash[hash] {
            if isName(Int(found), key, 0..<key.count) { return found }
            hash &+= 1
        }
        return nil
    }

    private mutating func newcomer(_ key: Span<UInt8>, hash: UInt64, group: Int32) -> Int32 {
        if admission.records > 1 {
            let allowance = admission.allowance
            let times = candidates.count(key, hash: hash) { allowance.mostSeries }
            if times < admission.records { return count(key) }
        }
        guard
            admission.allowance.takeIfFree(
                channels: channelsOfGroups.indices.contains(Int(group)) ? channelsOfGroups[Int(group)] : 1)
        else {
            refusedRecords += 1
            return count(key)
        }
        candidates.remove(hash: hash)
        var copy: [UInt8] = []
        for index in 0..<key.count { copy.append(key[index]) }
        insert(copy, String(decoding: copy, as: UTF8.self), group: group)
        last = ends.count - 1
        return Int32(last)
    }

    private mutating func count(_ key: Span<UInt8>) -> Int32 {
        countedRecords += 1
        countedKey.removeAll(keepingCapacity: true)
        for index in 0..<key.count { countedKey.append(key[index]) }
        return Self.counted
    }

    private var following: Int { last + 1 < ends.count ? last + 1 : 0 }

    @inline(__always)
    private func isName(_ index: Int, _ line: Span<UInt8>, _ range: Range<Int>) -> Bool {
        guard index < ends.count else { return false }
        let place = (index == 0 ? 0 : ends[index - 1])..<ends[index]
        return place.count == range.count && line.has(text.span.extracting(place), at: range.lowerBound)
    }

    private mutating func insert(_ key: [UInt8], _ name: String, group: Int32) {
        var hash = Self.hash(key.span, 0..<key.count)
        while indexOfHash[hash] != nil { hash &+= 1 }
        indexOfHash[hash] = Int32(ends.count)
        text += key
        ends.append(text.count)
        names.append(name)
        groups.append(group)
    }

    private static func hash(_ bytes: Span<UInt8>, _ range: Range<Int>) -> UInt64 {
        var state: UInt64 = 0xcbf2_9ce4_8422_2325
        for index in range { state = (state ^ UInt64(bytes[index])) &* 0x0000_0100_0000_01b3 }
        return state
    }
}
