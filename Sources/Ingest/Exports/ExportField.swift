/// What a field of an export record says, of those that a flow is made of; all others are passed over.
///
/// The numbers are those of IANA's registry of information elements, which NetFlow v9 (RFC 3954, section 8) began; reverse ones
/// (RFC 5103) have the same under the enterprise number 29305. https://www.iana.org/assignments/ipfix
///
/// The raw value is stored with templates: it never changes.
enum ExportField: UInt8, CaseIterable, Equatable, Sendable {
    /// Bytes that nobody asks for.
    case skipped = 0
    /// The same, with their length before them.
    case variable = 1
    case sourceIPv4 = 2
    case destinationIPv4 = 3
    case sourceIPv6 = 4
    case destinationIPv6 = 5
    case sourcePort = 6
    case destinationPort = 7
    case transport = 8
    /// TCP flags of all packets.
    case flags = 9
    /// Type × 256 + code.
    case icmp = 10
    case icmpType = 11
    case icmpCode = 12
    /// Bytes since the last record of the flow.
    case bytes = 13
    case packets = 14
    /// Bytes since the flow began.
    case bytesInAll = 15
    case packetsInAll = 16
    /// Bytes behind the box, when it does not say those before it.
    case bytesAfter = 17
    case packetsAfter = 18
    /// Bytes of the frames.
    case bytesOfFrames = 19
    case reverseBytes = 20
    case reversePackets = 21
    case reverseBytesInAll = 22
    case reversePacketsInAll = 23
    case reverseFlags = 24
    /// What the initiator, or the responder, sent.
    case initiatorBytes = 25
    case responderBytes = 26
    case initiatorPackets = 27
    case responderPackets = 28
    /// Milliseconds since the exporter began, of which 32 bits are kept.
    case startUptime = 29
    case endUptime = 30
    case startSeconds = 31
    case endSeconds = 32
    case startMilliseconds = 33
    case endMilliseconds = 34
    /// Seconds and their fraction as NTP has them.
    case startFraction = 35
    case endFraction = 36
    /// Microseconds before the export.
    case startDelta = 37
    case endDelta = 38
    case milliseconds = 39
    case microseconds = 40
    /// When the exporter began.
    case begun = 41
    case observedSeconds = 42
    case observedMilliseconds = 43
    /// One in so many packets was looked at.
    case samplingInterval = 44
    case samplerInterval = 45
    case sampler = 46
    /// So many packets in a row are looked at, so many are not.
    case samplingRun = 47
    case samplingSpace = 48
    /// So many packets of so many.
    case samplingSize = 49
    case samplingPopulation = 50
    case samplingProbability = 51
    case flowIdentity = 52
    /// 1 when the source is the initiator, 2 when the destination is.
    case biflowDirection = 53
    /// 1 created, 2 deleted, 3 denied.
    case firewallEvent = 54

    /// The enterprise number under which the reverse elements stand.
    static let reverseEnterprise: UInt32 = 29_305

    /// What an element says that has so many bytes.
    init(element: UInt16, length: UInt16, enterprise: UInt32) {
        let field: ExportField
        switch enterprise {
        case 0: field = Self.elements[element] ?? .skipped
        case Self.reverseEnterprise: field = Self.reverseElements[element] ?? .skipped
        default: field = .skipped
        }
        self = field.widths.contains(length) ? field : .skipped
    }

    /// The lengths that can be read. Numbers may be sent with fewer bytes than they have (RFC 7011, section 6.2).
    private var widths: ClosedRange<UInt16> {
        switch self {
        case .sourceIPv4, .destinationIPv4: 4...4
        case .sourceIPv6, .destinationIPv6: 16...16
        case .startFraction, .endFraction, .samplingProbability: 8...8
        default: 1...8
        }
    }

    /// Whether a field of this length can be read as this.
    func allows(_ length: UInt16) -> Bool {
        self == .variable || self == .skipped && length > 0 || self != .skipped && widths.contains(length)
    }

    /// Whether it is what the other side sent.
    var isReverse: Bool {
        switch self {
        case .reverseBytes, .reversePackets, .reverseBytesInAll, .reversePacketsInAll, .responderBytes,
            .responderPackets:
            true
        default: false
        }
    }

    private static let elements: [UInt16: ExportField] = [
        1: .bytes, 2: .packets, 4: .transport, 6: .flags, 7: .sourcePort, 8: .sourceIPv4, 11: .destinationPort,
        12: .destinationIPv4, 21: .endUptime, 22: .startUptime, 23: .bytesAfter, 24: .packetsAfter, 27: .sourceIPv6,
        28: .destinationIPv6, 32: .icmp, 34: .samplingInterval, 48: .sampler, 50: .samplerInterval,
        85: .bytesInAll, 86: .packetsInAll, 139: .icmp, 148: .flowIdentity, 150: .startSeconds, 151: .endSeconds,
        152: .startMilliseconds, 153: .endMilliseconds, 154: .startFraction, 155: .endFraction, 156: .startFraction,
        157: .endFraction, 158: .startDelta, 159: .endDelta, 160: .begun, 161: .milliseconds, 162: .microseconds,
        176: .icmpType, 177: .icmpCode, 178: .icmpType, 179: .icmpCode, 180: .sourcePort, 181: .destinationPort,
        182: .sourcePort, 183: .destinationPort, 231: .initiatorBytes, 232: .responderBytes, 233: .firewallEvent,
        239: .biflowDirection, 298: .initiatorPackets, 299: .responderPackets, 302: .sampler, 305: .samplingRun,
        306: .samplingSpace, 309: .samplingSize, 310: .samplingPopulation, 311: .samplingProbability,
        322: .observedSeconds, 323: .observedMilliseconds, 352: .bytesOfFrames,
    ]

    private static let reverseElements: [UInt16: ExportField] = [
        1: .reverseBytes, 2: .reversePackets, 6: .reverseFlags, 85: .reverseBytesInAll, 86: .reversePacketsInAll,
    ]
}
