import Alerting
import Ingest
import NeuralNet
import Persistence
import TimeSeries

/// How far a stream has been read: everything that its source needs to go on behind the last line that counts.
struct ReadingPlace: Equatable, Sendable {
    /// The file in progress; `nil` for standard input.
    var file: FileIdentity?
    /// Bytes before the next line.
    var offset: Int64 = 0
    /// How lines are read.
    var dialect: [UInt8] = []
    /// Names of the series met so far.
    var seriesNames: [String] = []

    /// Moves on to the end of a batch, or to one of its rows.
    mutating func take(_ batch: RecordBatch, upTo row: RecordBatch.Row? = nil) {
        file = batch.file
        offset = row?.endOffset ?? batch.rows.last?.endOffset ?? offset
        dialect = batch.dialect
        seriesNames = batch.seriesNames
    }

    /// Where a follower goes on; `nil` for a stream that cannot be read again.
    var resumePoint: ResumePoint? {
        guard let file, !dialect.isEmpty else { return nil }
        return ResumePoint(
            position: FilePosition(file: file, offset: offset), dialect: dialect, seriesNames: seriesNames)
    }
}

/// The stored state of a stream, taken apart into its pieces but not yet made into monitors.
struct StoredStream: Sendable {
    /// The piece `stream`: all but the series and the training.
    struct Header: Sendable {
        var channels: [Channel]
        var arithmetic: ArithmeticClass
        var place: ReadingPlace
        var levels: [UInt8]
        var lastTime: Timestamp
        var sequencer: StreamSequencer
        var watch: InputWatch
        var inputCondition: ConditionTracker
    }

    /// All but the series and the training.
    var header: Header
    /// Each series' piece by its number.
    var series: [(number: Int, bytes: [UInt8])]
    /// The training's pieces by name.
    var training: [String: [UInt8]]

    /// The scope under which a stream's pieces are stored.
    static func scope(of stream: String) -> String { "stream/\(stream)" }

    /// Takes stored pieces apart.
    ///
    /// - Throws: `StateCodingError` when the header is missing or damaged.
    init(_ parts: [String: [UInt8]]) throws(StateCodingError) {
        guard let bytes = parts["stream"] else { throw .invalid("the stream has no header") }
        var reader = StateReader(bytes)
        header = try Header(from: &reader)
        series = []
        training = [:]
        for (name, bytes) in parts {
            if name.hasPrefix("series/"), let number = Int(name.dropFirst(7)) {
                guard header.place.seriesNames.indices.contains(number) else {
                    throw .invalid("a series without a name")
                }
                series.append((number, bytes))
            } else if name.hasPrefix("training/") {
                training[String(name.dropFirst(9))] = bytes
            }
        }
        series.sort { $0.number < $1.number }
    }
}

extension StoredStream.Header {
    /// The piece's bytes.
    func encoded() -> [UInt8] {
        var writer = StateWriter()
        writer.write(UInt8(1))
        writer.write(UInt32(channels.count))
        for channel in channels {
            writer.write(channel.name)
            writer.write(channel.unit ?? "")
        }
        writer.write(arithmetic.rawValue)
        writer.write(place.file != nil)
        writer.write(place.file?.device ?? 0)
        writer.write(place.file?.inode ?? 0)
        writer.write(place.file?.fingerprint ?? 0)
        writer.write(Int64(place.file?.fingerprintLength ?? 0))
        writer.write(place.offset)
        writer.write(place.dialect)
        writer.write(UInt32(place.seriesNames.count))
        for name in place.seriesNames { writer.write(name) }
        writer.write(levels)
        writer.write(lastTime.nanoseconds)
        sequencer.encode(to: &writer)
        watch.encode(to: &writer)
        inputCondition.encode(to: &writer)
        return writer.bytes
    }

    init(from reader: inout StateReader) throws(StateCodingError) {
        guard try reader.read(UInt8.self) == 1 else { throw .invalid("unknown version of a stream") }
        channels = []
        for _ in 0..<(try reader.read(UInt32.self)) {
            let name = try reader.readString()
            let unit = try reader.readString()
            channels.append(Channel(name: name, unit: unit.isEmpty ? nil : unit))
        }
        guard let arithmetic = ArithmeticClass(rawValue: try reader.readString()) else {
            throw .invalid("unknown arithmetic class")
        }
        self.arithmetic = arithmetic
        place = ReadingPlace()
        let hasFile = try reader.readBool()
        let file = FileIdentity(
            device: try reader.read(), inode: try reader.read(), fingerprint: try reader.read(),
            fingerprintLength: Int(try reader.read(Int64.self)))
        place.file = hasFile ? file : nil
        place.offset = try reader.read()
        guard (0...FileIdentity.longestFingerprint).contains(file.fingerprintLength), place.offset >= 0 else {
            throw .invalid("a place in a file that cannot be")
        }
        place.dialect = try reader.readIntegers()
        for _ in 0..<(try reader.read(UInt32.self)) { place.seriesNames.append(try reader.readString()) }
        levels = try reader.readIntegers()
        lastTime = Timestamp(nanoseconds: try reader.read())
        sequencer = StreamSequencer(declaredInterval: nil, timesByRow: false)
        try sequencer.restore(from: &reader)
        watch = try InputWatch(from: &reader)
        inputCondition = try ConditionTracker(kind: .input, from: &reader)
    }
}
