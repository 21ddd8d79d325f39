import TimeSeries

/// How the records of a set are laid out, with what nobody asks for put together to gaps.
struct ExportTemplate: Equatable, Sendable {
    /// One piece of a record.
    struct Step: Equatable, Sendable {
        var field: ExportField
        /// Bytes of it; of ``ExportField/variable`` unused.
        var length: UInt16
    }

    /// Most steps of a template. Hundreds of elements of vendors in a row are one step, so no exporter comes near.
    static let mostSteps = 256

    /// The number that sets of such records bear.
    let number: UInt16
    /// Whether its records are about the exporter and not about flows.
    let isOptions: Bool
    private(set) var steps: [Step] = []
    /// Bytes of the shortest record.
    private(set) var shortest = 0
    /// Whether records have one length.
    private(set) var isFixed = true
    private var fields: UInt64 = 0

    init(number: UInt16, isOptions: Bool) {
        self.number = number
        self.isOptions = isOptions
    }

    func has(_ field: ExportField) -> Bool { fields & 1 << UInt64(field.rawValue) != 0 }

    /// Whether its records say who talked with whom.
    var isFlow: Bool {
        !isOptions
            && (has(.sourceIPv4) && has(.destinationIPv4) || has(.sourceIPv6) && has(.destinationIPv6))
    }

    /// Whether a record holds both directions.
    var isBothWays: Bool { fields & Self.reverse != 0 }

    private static let reverse = ExportField.allCases.reduce(UInt64(0)) {
        $1.isReverse ? $0 | 1 << UInt64($1.rawValue) : $0
    }

    /// Appends an element.
    ///
    /// - Returns: whether there was room for it.
    mutating func append(element: UInt16, length: UInt16, enterprise: UInt32, canVary: Bool) -> Bool {
        if canVary, length == .max {
            isFixed = false
            shortest += 1
            return append(Step(field: .variable, length: 0))
        }
        shortest += Int(length)
        return append(
            Step(field: ExportField(element: element, length: length, enterprise: enterprise), length: length))
    }

    private mutating func append(_ step: Step) -> Bool {
        if step.field == .skipped {
            if step.length == 0 { return true }
            if let last = steps.last, last.field == .skipped, last.length <= .max - step.length {
                steps[steps.count - 1].length += step.length
                return true
            }
        }
        guard steps.count < Self.mostSteps else { return false }
        steps.append(step)
        fields |= 1 << UInt64(step.field.rawValue)
        return true
    }
}

extension ExportTemplate {
    /// Writes the template.
    func encode(to writer: inout StateWriter) {
        writer.write(number)
        writer.write(isOptions)
        writer.write(UInt32(steps.count))
        for step in steps {
            writer.write(step.field.rawValue)
            writer.write(step.length)
        }
    }

    /// Reads what ``encode(to:)`` wrote.
    init(from reader: inout StateReader) throws(StateCodingError) {
        self.init(number: try reader.read(), isOptions: try reader.readBool())
        for _ in 0..<(try reader.read(UInt32.self)) {
            guard let field = ExportField(rawValue: try reader.read()) else { throw .invalid("a field of a template") }
            let length: UInt16 = try reader.read()
            shortest += field == .variable ? 1 : Int(length)
            if field == .variable { isFixed = false }
            guard field.allows(length), append(Step(field: field, length: length)) else {
                throw .invalid("a template with a field that cannot be")
            }
        }
        guard shortest > 0 else { throw .invalid("a template without a field") }
    }
}
