import NeuralNet
import TimeSeries

extension RecurrentCell {
    /// Writes the head of a piece with a forecaster's numbers: its version, and whose numbers they are.
    func encode(to writer: inout StateWriter) {
        writer.write(UInt8(2))
        writer.write(rawValue)
    }

    /// Reads what ``encode(to:)`` wrote; version 1 did not say whose, for there was only the LSTM.
    ///
    /// - Parameter piece: what is read, for the error.
    init(from reader: inout StateReader, of piece: String) throws(StateCodingError) {
        switch try reader.read(UInt8.self) {
        case 1: self = .lstm
        case 2:
            let name = try reader.readString()
            guard let cell = RecurrentCell(rawValue: name) else { throw .invalid("an unknown forecaster, \"\(name)\"") }
            self = cell
        default: throw .invalid("unknown version of \(piece)")
        }
    }
}
