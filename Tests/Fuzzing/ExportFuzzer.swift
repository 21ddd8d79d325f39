import TimeSeries

@testable import Ingest

/// Datagrams of flow exporters, one behind the other, each behind a byte that chooses its sender and two of its length.
enum ExportFuzzer {
    /// Read by a decoder that lives on and by one that is stored and restored in between, they must give flows whose times and
    /// counts can be, and what is held must stay within its bounds.
    static func test(_ input: [UInt8]) {
        var decoder = ExportDecoder()
        var flows: [FlowRecord] = []
        var place = 0
        while input.count - place >= 3 {
            let sender = NetworkAddress(ipv4: UInt32(input[place] & 3))
            let isRestart = input[place] & 0x80 != 0
            let length = min(Int(input[place + 1]) << 8 | Int(input[place + 2]), input.count - place - 3)
            let datagram = Array(input[(place + 3)..<(place + 3 + length)])
            _ = ExportHeader.isPlausible(datagram.span)
            _ = decoder.decode(datagram.span, from: sender, into: &flows)
            _ = decoder.takeNotices()
            place += 3 + length
            guard isRestart else { continue }
            var writer = StateWriter()
            decoder.encode(to: &writer)
            var reader = StateReader(writer.bytes)
            guard let restored = try? ExportDecoder(from: &reader) else {
                preconditionFailure("a state that cannot be read")
            }
            var again = StateWriter()
            restored.encode(to: &again)
            precondition(again.bytes == writer.bytes, "a state that changes when it is read")
            decoder = restored
        }
        precondition(decoder.bytesHeld <= HeldSets.mostBytes)
        for flow in flows {
            precondition(flow.start <= flow.end)
            precondition(max(flow.packetsOut, flow.packetsIn, flow.bytesOut, flow.bytesIn) <= 1 << 53)
        }
    }
}
