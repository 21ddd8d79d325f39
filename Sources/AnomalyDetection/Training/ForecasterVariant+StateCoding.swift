import NeuralNet
import TimeSeries

extension ForecasterVariant {
    /// Writes the head of a piece with a forecaster's numbers: its version, and whose numbers they are. Version 2 is that of
    /// a forecaster one sample ahead with a Student-t head, for a time when there was no other.
    func encode(to writer: inout StateWriter) {
        let isPlain = self == ForecasterVariant(cell: cell)
        writer.write(UInt8(isPlain ? 2 : 3))
        writer.write(cell.rawValue)
        guard !isPlain else { return }
        writer.write(head.rawValue)
        writer.write(UInt8(horizon))
    }

    /// Reads what ``encode(to:)`` wrote; version 1 did not say whose, for there was only the LSTM.
    ///
    /// - Parameter piece: what is read, for the error.
    init(from reader: inout StateReader, of piece: String) throws(StateCodingError) {
        let version = try reader.read(UInt8.self)
        switch version {
        case 1: self.init()
        case 2, 3:
            let name = try reader.readString()
            guard let cell = ForecasterCell(rawValue: name) else {
                throw .invalid("an unknown forecaster, \"\(name)\"")
            }
            guard version == 3 else {
                self.init(cell: cell)
                return
            }
            let headName = try reader.readString()
            guard let head = OutputHead(rawValue: headName) else { throw .invalid("an unknown head, \"\(headName)\"") }
            let horizon = Int(try reader.read(UInt8.self))
            guard Self.horizons.contains(horizon) else { throw .invalid("a forecast \(horizon) samples ahead") }
            self.init(cell: cell, head: head, horizon: horizon)
        default: throw .unknownVersion(of: piece)
        }
    }
}
