import FoundationEssentials
import SwiftProtobuf
import TimeSeries

/// A payload of Sparkplug B, read within bounds whatever its bytes are.
struct SparkplugMessage: Sendable {
    /// A value as it is written: what its bits mean the type of the metric says, which data messages leave out.
    enum Value: Equatable, Sendable {
        /// Null, said to be bad, or not finite.
        case missing
        case bits(UInt64)
        case real(Double)
    }

    /// A value with what goes with it.
    struct Metric: Sendable {
        /// `nil` in data messages where a birth gave an alias.
        var name: String?
        var alias: UInt64?
        /// `nil` when it is the message's.
        var time: Timestamp?
        var type: UInt32?
        var isHistorical: Bool
        /// `nil` when it is no number at all.
        var value: Value?
        /// The unit that its properties name (`engUnit`).
        var unit: String?
    }

    /// Longest payload in bytes.
    static let longest = 1 << 20
    /// Most metrics of a payload.
    static let mostMetrics = 16_384
    /// Longest properties of a metric; longer ones are not looked at.
    private static let longestProperties = 4_096

    /// When it was sent; `nil` when it does not say.
    let time: Timestamp?
    let sequence: UInt8?
    let metrics: [Metric]

    /// Reads a payload; `nil` when it is none, or too large.
    init?(_ bytes: Span<UInt8>) {
        guard bytes.count <= Self.longest, Self.countsMetrics(bytes).map({ $0 <= Self.mostMetrics }) ?? false else {
            return nil
        }
        var options = BinaryDecodingOptions()
        options.discardUnknownFields = true
        var copy: [UInt8] = []
        copy.reserveCapacity(bytes.count)
        for index in 0..<bytes.count { copy.append(bytes[index]) }
        guard let payload = try? Sparkplug_Payload(serializedBytes: copy, options: options) else { return nil }
        time = payload.hasTimestamp ? Self.timestamp(payload.timestamp) : nil
        sequence = payload.hasSeq ? UInt8(exactly: payload.seq) : nil
        metrics = payload.metrics.map(Self.metric)
    }

    /// The metrics of a payload by the lengths of its fields, before anything is made of them: two bytes are an empty one.
    private static func countsMetrics(_ bytes: Span<UInt8>) -> Int? {
        var count = 0
        var index = 0
        func varint() -> UInt64? {
            var value: UInt64 = 0
            var shift: UInt64 = 0
            while index < bytes.count, shift < 64 {
                let byte = bytes[index]
                index += 1
                value |= UInt64(byte & 0x7f) << shift
                if byte & 0x80 == 0 { return value }
                shift += 7
            }
            return nil
        }
        while index < bytes.count {
            guard let tag = varint() else { return nil }
            switch tag & 7 {
            case 0: guard varint() != nil else { return nil }
            case 1: index += 8
            case 2:
                guard let length = varint(), length <= UInt64(bytes.count - index) else { return nil }
                index += Int(length)
                if tag >> 3 == 2 { count += 1 }
            case 5: index += 4
            default: return nil
            }
        }
        return index == bytes.count ? count : nil
    }

    private static func metric(_ metric: Sparkplug_Metric) -> Metric {
        let type = metric.hasDatatype ? metric.datatype : nil
        var read = Metric(
            name: metric.hasName ? metric.name : nil, alias: metric.hasAlias ? metric.alias : nil,
            time: metric.hasTimestamp ? timestamp(metric.timestamp) : nil, type: type,
            isHistorical: metric.isHistorical, value: nil, unit: nil)
        read.value = metric.isNull ? .missing : metric.value.map(value)
        if metric.hasProperties, metric.properties.count <= longestProperties { take(metric.properties, into: &read) }
        return read
    }

    private static func value(_ value: Sparkplug_Metric.OneOf_Value) -> Value {
        switch value {
        case .intValue(let bits): .bits(UInt64(bits))
        case .longValue(let bits): .bits(bits)
        case .floatValue(let value): value.isFinite ? .real(Double(value)) : .missing
        case .doubleValue(let value): value.isFinite ? .real(value) : .missing
        case .booleanValue(let value): .real(value ? 1 : 0)
        }
    }

    private static func take(_ bytes: Data, into metric: inout Metric) {
        var options = BinaryDecodingOptions()
        options.discardUnknownFields = true
        guard let set = try? Sparkplug_PropertySet(serializedBytes: bytes, options: options) else { return }
        for (key, value) in zip(set.keys, set.values) where !value.isNull {
            switch (key, value.value) {
            case ("engUnit", .stringValue(let unit)?) where !unit.isEmpty: metric.unit = unit
            // 0 bad, 500 stale, 192 good; OPC has good ones up to 255.
            case ("Quality", .intValue(let quality)?) where !(192...255).contains(quality) && metric.value != nil:
                metric.value = .missing
            default: continue
            }
        }
    }

    /// Milliseconds since 1970; `nil` for 0 and for what no clock shows.
    private static func timestamp(_ milliseconds: UInt64) -> Timestamp? {
        guard (1...9_000_000_000_000).contains(milliseconds) else { return nil }
        return Timestamp(nanoseconds: Int64(milliseconds) * 1_000_000)
    }

    /// The command that asks a node for its births.
    static func rebirthCommand(at time: Timestamp) -> [UInt8] {
        var metric = Sparkplug_Metric()
        metric.name = SparkplugSession.rebirthMetric
        metric.timestamp = UInt64(clamping: time.nanoseconds / 1_000_000)
        metric.datatype = DataType.boolean
        metric.booleanValue = true
        var payload = Sparkplug_Payload()
        payload.timestamp = metric.timestamp
        payload.metrics = [metric]
        // Nothing in it is required, so nothing can be missing.
        return (try? payload.serializedBytes()) ?? []
    }
}

/// The data types of Sparkplug's metrics.
enum DataType {
    static let boolean: UInt32 = 11

    /// Whether values of a type are numbers.
    static func isNumeric(_ type: UInt32) -> Bool { (1...11).contains(type) }

    /// A value as a number; NaN is missing. Negative whole numbers stand as two's complement, those of a byte or two in their
    /// own width or in full.
    static func number(_ value: SparkplugMessage.Value, _ type: UInt32) -> Double {
        switch value {
        case .missing: .nan
        case .real(let number): number
        case .bits(let bits):
            switch type {
            case 1: Double(Int8(truncatingIfNeeded: bits))
            case 2: Double(Int16(truncatingIfNeeded: bits))
            case 3: Double(Int32(truncatingIfNeeded: bits))
            case 4: Double(Int64(bitPattern: bits))
            default: Double(bits)
            }
        }
    }
}
