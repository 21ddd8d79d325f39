import TimeSeries

@testable import Ingest

extension Decoded {
    var flows: [FlowRecord] { batch.flows }
    var flow: FlowRecord? { batch.flows.count == 1 ? batch.flows[0] : nil }
    /// How the lines are read, by what tool.
    var kind: FlowDialect.Kind? {
        guard case .flows(let flows) = decoder.dialect?.format else { return nil }
        return flows.kind
    }

    /// Flows in one line each: `10.0.5.12:51514>10.0.5.1:502 6 established 5/742 4/610`.
    var flowTexts: [String] {
        flows.map {
            "\($0.source):\($0.sourcePort)>\($0.destination):\($0.destinationPort) \($0.transport) \($0.outcome) "
                + "\($0.packetsOut)/\($0.bytesOut) \($0.packetsIn)/\($0.bytesIn)\($0.isOneWay ? " one way" : "")"
        }
    }

    var flowTimes: [String] { flows.map { "\($0.start) \($0.end)" } }
}

extension SourceConfiguration {
    /// Standard input in a named format.
    static func named(_ format: Format) -> SourceConfiguration {
        SourceConfiguration(input: .standardInput, format: format)
    }
}

/// Decodes a text, and another one after a restart between them.
func decode(_ first: String, thenRestartedWith second: String) throws -> (Decoded, Decoded) {
    let configuration = SourceConfiguration(input: .standardInput)
    let before = decode(Array(first.utf8), configuration, finish: false)
    var after = Decoded(
        decoder: try LineDecoder(
            configuration: configuration, restoring: before.batch.decoding, offset: before.decoder.offset))
    after.decoder.decode(Array(second.utf8), into: &after.batch)
    after.decoder.finish(into: &after.batch)
    return (before, after)
}
