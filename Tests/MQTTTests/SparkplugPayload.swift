import Foundation
import SwiftProtobuf

@testable import MQTT

/// A metric as an edge node writes it.
struct TestMetric {
    var name: String?
    var alias: UInt64?
    var value: Sparkplug_Metric.OneOf_Value?
    var type: UInt32?
    var time: UInt64?
    var isHistorical = false
    var unit: String?
    var quality: UInt32?

    init(
        _ name: String? = nil, alias: UInt64? = nil, _ value: Sparkplug_Metric.OneOf_Value?, type: UInt32? = nil,
        time: UInt64? = nil, isHistorical: Bool = false, unit: String? = nil, quality: UInt32? = nil
    ) {
        self.name = name
        self.alias = alias
        self.value = value
        self.type = type
        self.time = time
        self.isHistorical = isHistorical
        self.unit = unit
        self.quality = quality
    }

    static func real(_ name: String? = nil, alias: UInt64? = nil, _ value: Double, unit: String? = nil) -> TestMetric {
        TestMetric(name, alias: alias, .doubleValue(value), type: name == nil ? nil : 10, unit: unit)
    }

    fileprivate var message: Sparkplug_Metric {
        var metric = Sparkplug_Metric()
        if let name { metric.name = name }
        if let alias { metric.alias = alias }
        if let type { metric.datatype = type }
        if let time { metric.timestamp = time }
        if isHistorical { metric.isHistorical = true }
        if let value { metric.value = value } else { metric.isNull = true }
        if let properties { metric.properties = properties }
        return metric
    }

    private var properties: Data? {
        guard unit != nil || quality != nil else { return nil }
        var set = Sparkplug_PropertySet()
        if let unit {
            var value = Sparkplug_PropertyValue()
            value.type = 12
            value.stringValue = unit
            set.keys.append("engUnit")
            set.values.append(value)
        }
        if let quality {
            var value = Sparkplug_PropertyValue()
            value.type = 3
            value.intValue = quality
            set.keys.append("Quality")
            set.values.append(value)
        }
        return try? Data(set.serializedBytes() as [UInt8])
    }
}

/// A payload as an edge node writes it.
func sparkplugPayload(_ metrics: [TestMetric], seq: UInt64?, time: UInt64? = nil) -> [UInt8] {
    var payload = Sparkplug_Payload()
    if let time { payload.timestamp = time }
    if let seq { payload.seq = seq }
    payload.metrics = metrics.map(\.message)
    return (try? payload.serializedBytes()) ?? []
}
