import Ingest

/// What the command line says.
struct Arguments {
    var name: String
    var path: String
    var configuration = SourceConfiguration(input: .standardInput)

    /// Reads the arguments; `nil` when they cannot be understood.
    init?(_ given: some Sequence<String>) {
        var plain: [String] = []
        var rest = given.makeIterator()
        while let argument = rest.next() {
            guard argument.hasPrefix("--") else {
                plain.append(argument)
                continue
            }
            guard let value = rest.next() else { return nil }
            switch argument {
            case "--format":
                guard let format = SourceConfiguration.Format(rawValue: value) else { return nil }
                configuration.format = format
            case "--series": configuration.series = value
            case "--channel": configuration.channel = value
            default: return nil
            }
        }
        guard plain.count == 2 else { return nil }
        (name, path) = (plain[0], plain[1])
    }
}
