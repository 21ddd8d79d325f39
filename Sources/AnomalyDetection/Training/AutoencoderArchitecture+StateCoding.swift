import NeuralNet
import TimeSeries

extension AutoencoderArchitecture {
    /// First byte of weights that are not a dense autoencoder's: a byte that no older version began with.
    private static let mark: UInt8 = 0xae

    /// Writes whose weights follow; nothing for a dense autoencoder, as when there was no choice.
    func encodeMark(to writer: inout StateWriter) {
        guard self != .dense else { return }
        writer.write(Self.mark)
        writer.write(rawValue)
    }

    /// Reads what ``encodeMark(to:)`` wrote.
    init(markIn reader: inout StateReader) throws(StateCodingError) {
        var ahead = reader
        guard try ahead.read(UInt8.self) == Self.mark else {
            self = .dense
            return
        }
        self = try Self.named(try ahead.readString())
        reader = ahead
    }

    /// Writes the head of a piece with an autoencoder's training: version 1 is a dense one's, version 2 says whose.
    func encode(to writer: inout StateWriter) {
        writer.write(UInt8(self == .dense ? 1 : 2))
        if self != .dense { writer.write(rawValue) }
    }

    /// Reads what ``encode(to:)`` wrote.
    init(from reader: inout StateReader) throws(StateCodingError) {
        switch try reader.read(UInt8.self) {
        case 1: self = .dense
        case 2: self = try Self.named(try reader.readString())
        default: throw .unknownVersion(of: "an autoencoder's state")
        }
    }

    private static func named(_ name: String) throws(StateCodingError) -> AutoencoderArchitecture {
        guard let known = AutoencoderArchitecture(rawValue: name) else {
            throw .invalid("an unknown autoencoder, \"\(name)\"")
        }
        return known
    }

    /// A number for the state of a series; 0 is dense, as in states from before there was a choice.
    var code: UInt32 {
        switch self {
        case .dense: 0
        case .convolutional: 1
        case .lstm: 2
        case .variational: 3
        case .adversarial: 4
        }
    }
}
