import AnomalyDetection
import Ingest
import NeuralNet
import Persistence
import TimeSeries

/// Why nothing was exported.
public enum ModelExportError: Error, Equatable, CustomStringConvertible {
    /// No stored stream is called so.
    case unknownStream(String, there: [String])
    /// The streams have no group of this number.
    case unknownGroup(Int)
    /// There is no stored network.
    case nothingLearned
    /// What is stored cannot be used.
    case unusable(stream: String, reason: String)

    /// What went wrong, in one line.
    public var description: String {
        switch self {
        case .unknownStream(let name, let there):
            "no stored stream is called \(name)" + (there.isEmpty ? "" : "; there are \(there.joined(separator: ", "))")
        case .unknownGroup(let group): "there is no group \(group)"
        case .nothingLearned: "there are no networks in the state: nothing to export"
        case .unusable(let stream, let reason): "the state of \(stream) cannot be used: \(reason)"
        }
    }
}

/// The networks of a state, in forms that others read; made of the last commit or of a snapshot, while the state may be in use.
///
///     NAME.safetensors         weights of both networks, by name
///     NAME.forecaster.onnx     the forecaster as a graph (`ForecasterGraph`)
///     NAME.autoencoder.onnx    the autoencoder as a graph (`AutoencoderGraph`)
///     NAME.json                channels, and how each series is scaled before the networks see it
///
/// NAME is made of the stream's name and the group's number. The weights are those that the round in progress is scored with.
public struct ModelExport: Sendable {
    /// What to export.
    public struct Selection: Sendable {
        /// The snapshot to read; `nil` for the last commit.
        public var snapshot: String?
        /// The stream; `nil` for all.
        public var stream: String?
        /// The group's number, from 0; `nil` for all.
        public var group: Int?

        /// Creates a selection.
        public init(snapshot: String? = nil, stream: String? = nil, group: Int? = nil) {
            self.snapshot = snapshot
            self.stream = stream
            self.group = group
        }
    }

    /// The files to be, in order.
    public private(set) var files: [ExportedFile] = []
    /// What was left out and why, in lines.
    public private(set) var remarks: [String] = []
    private var names: Set<String> = []

    /// Reads a state.
    ///
    /// - Throws: ``ModelExportError``, ``StateKeeperError/unknownSnapshot(name:there:)``, `PersistenceError`.
    public init(of directory: String, _ selection: Selection = Selection()) async throws {
        let pieces = try await Self.pieces(of: directory, selection)
        for (stream, parts) in pieces {
            do throws(StateCodingError) {
                try add(try StoredStream(parts), named: stream, group: selection.group)
            } catch {
                throw ModelExportError.unusable(stream: stream, reason: "\(error)")
            }
        }
        guard files.isEmpty else { return }
        if let group = selection.group, remarks.isEmpty { throw ModelExportError.unknownGroup(group) }
        throw ModelExportError.nothingLearned
    }

    private static func pieces(
        of directory: String, _ selection: Selection
    ) async throws -> [(stream: String, parts: [String: [UInt8]])] {
        let store = try StateStore(copyOf: directory)
        let folder = SnapshotFolder(ofState: directory)
        let scopes: [String]
        if let snapshot = selection.snapshot {
            let all = folder.list().map(\.name)
            guard all.contains(snapshot) else { throw StateKeeperError.unknownSnapshot(name: snapshot, there: all) }
            scopes = try folder.scopes(in: snapshot)
        } else {
            scopes = try await store.scopes()
        }
        let prefix = StoredStream.scope(of: "")
        let streams = scopes.filter { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) }
        if let wanted = selection.stream, !streams.contains(wanted) {
            throw ModelExportError.unknownStream(wanted, there: streams)
        }
        var pieces: [(stream: String, parts: [String: [UInt8]])] = []
        for stream in streams where selection.stream == nil || selection.stream == stream {
            let scope = StoredStream.scope(of: stream)
            let parts =
                if let snapshot = selection.snapshot {
                    try folder.pieces(of: scope, in: snapshot)
                } else {
                    try await store.load(scope: scope)
                }
            pieces.append((stream, parts))
        }
        return pieces
    }

    private mutating func add(_ stored: StoredStream, named stream: String, group wanted: Int?) throws(StateCodingError)
    {
        let decoding = stored.header.place.decoding
        guard decoding.seriesGroups.count == decoding.seriesNames.count else {
            throw .invalid("series without a group")
        }
        for (group, channels) in stored.header.groups.enumerated() where wanted == nil || wanted == group {
            var series: [ExportedModel.Series] = []
            for (number, bytes) in stored.series where decoding.seriesGroups[number] == group {
                let scaling = try SeriesMember.scaling(in: bytes)
                guard scaling.channels.count == channels.count else {
                    throw .invalid("\(scaling.channels.count) channels, not \(channels.count)")
                }
                series.append(ExportedModel.Series(name: decoding.seriesNames[number], scaling: scaling))
            }
            guard let round = stored.training[group]?["round"], series.allSatisfy(\.scaling.usesNetworks) else {
                remarks.append("\(stream), group \(group): its series do without networks")
                continue
            }
            var reader = StateReader(round)
            guard try reader.read(UInt8.self) == 1 else { throw .unknownVersion(of: "a round") }
            guard !channels.isEmpty else { throw .invalid("a group without channels") }
            let models = try GroupModels(storedIn: &reader, channelCount: channels.count)
            let model = ExportedModel(
                stream: stream, group: group, channels: channels, series: series, models: models,
                arithmetic: stored.header.arithmetic, round: stored.header.sequencer.round)
            files += model.files(named: fileName(stream, group))
        }
    }

    /// A name of letters, digits, `-`, `_` and `.`, which no other group has.
    private mutating func fileName(_ stream: String, _ group: Int) -> String {
        let plain = stream.utf8.suffix(100).map { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "."):
                byte
            default: UInt8(ascii: "-")
            }
        }
        let trimmed = plain.drop { $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "-") }
        let base = (trimmed.isEmpty ? "stream" : String(decoding: trimmed, as: UTF8.self)) + "-\(group)"
        var name = base
        var number = 2
        while !names.insert(name).inserted {
            name = "\(base)-\(number)"
            number += 1
        }
        return name
    }

    /// Writes the files into a folder, which is made when it is missing.
    ///
    /// - Parameter replacing: whether files that are there already are replaced.
    /// - Throws: ``OutputError``; when a file is there already nothing is written.
    public func write(to folder: String, replacing: Bool) throws(OutputError) {
        try ExportedFile.write(files, to: folder, replacing: replacing)
    }
}
